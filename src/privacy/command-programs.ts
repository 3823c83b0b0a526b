// Programs that take a password in an option of one letter, or at a position.

/**
 * The letters of the password options, by program. For most other programs, `-p` is a port, a path or a project. `login`
 * covers `docker login` and similar commands.
 */
export const PASSWORD_OPTIONS: ReadonlyMap<string, string> = new Map([
  ["mysql", "p"],
  ["mysqldump", "p"],
  ["mysqladmin", "p"],
  ["mariadb", "p"],
  ["mariadb-dump", "p"],
  ["mongo", "p"],
  ["mongosh", "p"],
  ["mongodump", "p"],
  ["mongorestore", "p"],
  ["sshpass", "p"],
  ["login", "p"],
  ["twine", "p"],
  ["rdesktop", "p"],
  ["7z", "p"],
  ["redis-cli", "a"],
  ["sqlcmd", "P"],
  ["bcp", "P"],
  ["zip", "P"],
  ["unzip", "P"],
  ["ldapsearch", "w"],
  ["ldapmodify", "w"],
  // The new passphrase and the old one.
  ["ssh-keygen", "NP"],
]);

/** Tells whether the next word after the program is a password. Remembers the words that it was called with. */
type PasswordTest = (word: string) => boolean;

const POSITIONS: ReadonlyMap<string, () => PasswordTest> = new Map([
  ["htpasswd", htpasswd],
  ["net", netUse],
  ["xfreerdp", () => freeRdp],
  ["wfreerdp", () => freeRdp],
]);

/** Returns the test for passwords of a program that takes them without an option of its own; undefined for others. */
export function passwordTest(program: string): PasswordTest | undefined {
  return POSITIONS.get(program)?.();
}

// `htpasswd -b file user password`, `htpasswd -nb user password`.
function htpasswd(): PasswordTest {
  let options = "";
  let count = 0;
  return (word) => {
    const isNumber = /[Cr]$/.test(options) && /^\d+$/.test(word);
    if (count === 0 && (isNumber || word.startsWith("-"))) {
      options += word;
      return false;
    }
    count += 1;
    return options.includes("b") && count === (options.includes("n") ? 2 : 3);
  };
}

// `net use Z: \\host\share password /user:name`.
function netUse(): PasswordTest {
  let isUse = false;
  let count = 0;
  return (word) => {
    count += 1;
    if (count === 1 || /^[|&;<>]/.test(word)) isUse = count === 1 && /^use$/i.test(word);
    else return isUse && !/^(?:\\|\/|-|\*$|[a-z]:$|lpt\d:?$|https?:)/i.test(word);
    return false;
  };
}

// `/p:password`, and `/gp:password` for the gateway.
function freeRdp(word: string): boolean {
  return /^\/g?p:./.test(word);
}
