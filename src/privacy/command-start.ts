// Finds commands in a text: a program that takes secrets, with an option on the same line.

const PROGRAM =
  /(?<![\w.-])(?:curl|wget|openssl|mysql|mysqldump|psql|mongosh|redis-cli|sshpass|docker login|ldapsearch|sqlcmd|keytool|ssh-keygen|htpasswd)\s/gi;
const OPTION_OR_BREAK = /\n|-(?<=\s-)-?[a-z]/gi;

/** Characters between a program and its first option. */
const MAX_DISTANCE = 512;

/** Tells whether a text contains a command with an option. */
export function isCommand(text: string): boolean {
  return text.includes(" -") && commandStart(text) !== -1;
}

/**
 * Returns the offset of the first command with an option, or -1. An option or line break that was found is kept for the
 * programs before it, so that a text which repeats a program's name is read once.
 */
export function commandStart(text: string): number {
  let found = -1;
  for (const { 0: program, index } of text.matchAll(PROGRAM)) {
    const from = index + program.length;
    if (found < from) found = nextOptionOrBreak(text, from);
    if (found <= from + MAX_DISTANCE && text.charAt(found) === "-") return index;
  }
  return -1;
}

function nextOptionOrBreak(text: string, from: number): number {
  OPTION_OR_BREAK.lastIndex = from;
  return OPTION_OR_BREAK.exec(text)?.index ?? text.length;
}
