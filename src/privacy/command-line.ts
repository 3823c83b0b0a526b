import { PASSWORD_OPTIONS, passwordTest } from "./command-programs.js";
import { filterConnection } from "./url.js";
import { isSecretName } from "./secret-name.js";
import { FILTERED } from "./secret-words.js";
import { filterQuery, isSensitiveKey } from "./sensitive.js";

type TextFilter = (text: string) => string;

// `--token`, `-Dpassword=x`, `--token=x`.
const OPTION = /^(--?(?:D(?=[a-z]))?)([a-z][\w.-]*)(=?)/i;
// `/password:x` on Windows, but not a path.
const WINDOWS_OPTION = /^(\/([a-z][\w-]*)[:=])./i;
const ASSIGNMENT = /^([a-z_][\w.-]*)=(?=.)/i;
const HEADER = /^(?:-[\dA-Za-z#]{0,16}H|--header=)?([\w-]+):\s*(?=\S)/;
const LOGIN = /^([^\s:/@%]*[:%])(?!\/\/).+$/;

/** Options of curl and other programs whose value is `user:password`, of smbclient `user%password`. */
const LOGIN_OPTIONS: ReadonlySet<string> = new Set(["-u", "-U", "--user", "--proxy-user"]);
const ATTACHED_LOGIN = /^(-u|--user=|--proxy-user=)(?=[^=\s]*:)/;
// Options of `ab`, the second one for a proxy.
const AB_LOGIN = /^(-[AP])(.*)$/;
// `keytool -storepass x -destkeypass y`.
const PASS_OPTION = /(?:store|key)pass$/i;
const COOKIE_OPTIONS: ReadonlySet<string> = new Set(["-b", "--cookie"]);

const ATTACHED_COOKIES = /^(-[#\dfgijklnpqsvGIJLNORSVZ]{0,16}b)[^=\s]{1,256}=/;

// Short options of curl without a value, joined with one that has a value: `-sSu me:x`.
const JOINED = /^-[#\dafgijklnpqsvBGIJLMNORSVZ]{1,16}(?=[uUb])/;

/** Programs that prompt for the password if `-p` has no value. */
const ASKING = /^(?:mysql|mariadb)/;

/** A word of a command line, without the quotes around it. */
interface Word {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** State while reading a command line: the program, and the meaning of the next word. */
interface State {
  program: string;
  /** True after `set`: `aws configure set NAME VALUE`. */
  isSet: boolean;
  /** Tells whether a word is a password because of its position. */
  isPassword: ((word: string) => boolean) | undefined;
  next: "cookies" | "login" | "plain" | "secret";
}

/**
 * Replaces the secrets in a command line by `[Filtered]`: values of options and variables with a secret name, passwords
 * of users, HTTP headers. `inner` filters all other words. Spaces and quotes are kept.
 */
export function filterCommandLine(text: string, inner: TextFilter): string {
  const words = wordsOf(text);
  const shown = filterWords(
    words.map((word) => word.text),
    inner,
  );
  let result = "";
  let at = 0;
  for (const [index, word] of words.entries()) {
    const change = shown[index] ?? word.text;
    if (change === word.text) continue;
    result += text.slice(at, word.start) + requoted(text.slice(word.start, word.end), change);
    at = word.end;
  }
  return at === 0 ? text : result + text.slice(at);
}

/** Replaces the secrets in a list of arguments by `[Filtered]`. */
export function filterWords(words: readonly string[], inner: TextFilter): readonly string[] {
  const state: State = { program: "", isSet: false, isPassword: undefined, next: "plain" };
  return words.map((word) => filterWord(word, state, inner));
}

function filterWord(word: string, state: State, inner: TextFilter): string {
  const { isSet, next } = state;
  state.next = "plain";
  state.isSet = word === "set";
  const option = OPTION.exec(word);
  // In `--token --verbose`, the second word is not the token.
  if (option === null && next !== "plain") return valueOf(word, next, inner);
  const short = shortOption(word, state);
  if (short !== undefined) return short;
  const isLetter = state.isPassword !== undefined && word.length === 2;
  state.next = isLetter ? "plain" : nextOf(word, option, isSet);
  if (option !== null && option[3] === "=" && isSecretOption(option[2]))
    return option[0] + FILTERED;
  return assigned(word) ?? header(word) ?? login(word) ?? plainWord(word, inner);
}

function nextOf(word: string, option: RegExpExecArray | null, isSet: boolean): State["next"] {
  if (isSet && isSecretName(word)) return "secret";
  if (LOGIN_OPTIONS.has(word)) return "login";
  if (COOKIE_OPTIONS.has(word)) return "cookies";
  return option?.[3] === "" && option[0] === word && isSecretOption(option[2]) ? "secret" : "plain";
}

function isSecretOption(name = ""): boolean {
  return isSecretName(name) || PASS_OPTION.test(name);
}

function valueOf(word: string, next: State["next"], inner: TextFilter): string {
  if (next === "secret") return word === "" ? word : FILTERED;
  if (next === "cookies") return word.includes("=") ? FILTERED : word;
  const match = LOGIN.exec(word);
  // `-u 1000:1000` is a user id and a group id.
  if (match === null || /^\d+:\d+$/.test(word)) return plainWord(word, inner);
  return `${match[1]}${FILTERED}`;
}

// The program may be given with a path, and may follow `sudo`, variables or another command.
function shortOption(word: string, state: State): string | undefined {
  const name = word
    .slice(Math.max(word.lastIndexOf("/"), word.lastIndexOf("\\")) + 1)
    .replace(/\.exe$/i, "");
  const test = passwordTest(name);
  if (test === undefined && state.isPassword?.(word) === true)
    return `${/^\/g?p:/.exec(word)?.[0] ?? ""}${FILTERED}`;
  state.isPassword = test ?? state.isPassword;
  if (PASSWORD_OPTIONS.has(name) || name === "curl" || name === "ab") {
    state.program = name;
    state.isPassword = undefined;
  }
  if (state.program === "curl") return ofCurl(word, state);
  return state.program === "ab" ? ofAb(word, state) : passwordOption(word, state);
}

// A single password option is read once: the second `-p` of `sshpass -p x ssh -p 22` is a port.
function passwordOption(word: string, state: State): string | undefined {
  const letters = PASSWORD_OPTIONS.get(state.program);
  const option = word.slice(0, 2);
  if (letters === undefined || !/^-\w/.test(option) || !letters.includes(option.charAt(1)))
    return undefined;
  if (word.length === 2) state.next = ASKING.test(state.program) ? "plain" : "secret";
  if (letters.length === 1) state.program = "";
  return word.length === 2 ? word : option + FILTERED;
}

function ofAb(word: string, state: State): string | undefined {
  const [, option, value = ""] = AB_LOGIN.exec(word) ?? [];
  if (option === undefined) return undefined;
  if (value === "") state.next = "login";
  return option + valueOf(value, "login", (each) => each);
}

function ofCurl(word: string, state: State): string | undefined {
  const cookies = ATTACHED_COOKIES.exec(word)?.[1];
  if (cookies !== undefined) return cookies + FILTERED;
  const joined = JOINED.exec(word)?.[0];
  if (joined === undefined) return undefined;
  const last = `-${word.slice(joined.length)}`;
  if (last.length === 2) state.next = nextOf(last, null, false);
  const shown = last.length === 2 ? last : login(last);
  return shown === undefined ? undefined : joined + shown.slice(1);
}

function assigned(word: string): string | undefined {
  // `openssl -passin pass:x`.
  if (/^pass:./.test(word)) return `pass:${FILTERED}`;
  const windows = WINDOWS_OPTION.exec(word);
  if (windows !== null && isSecretName(windows[2] ?? "")) return `${windows[1]}${FILTERED}`;
  // `--set db.password=x`, `-e PASSWORD=x`, `--env=PASSWORD=x`, `PASSWORD=x`.
  const start = /^--?[\w-]+=(?=[\w.-]+=)/.exec(word)?.[0].length ?? 0;
  const name = ASSIGNMENT.exec(word.slice(start));
  if (name === null) return undefined;
  return isSecretName(name[1] ?? "") && !word.includes("&")
    ? word.slice(0, start) + name[0] + FILTERED
    : undefined;
}

function header(word: string): string | undefined {
  const match = HEADER.exec(word);
  const name = match?.[1] ?? "";
  if (match === null || !(/^(?:set-)?cookie$/i.test(name) || isSensitiveKey(name)))
    return undefined;
  return /^https?$/i.test(name) ? undefined : match[0] + FILTERED;
}

function login(word: string): string | undefined {
  const option = ATTACHED_LOGIN.exec(word)?.[0];
  if (option === undefined) return undefined;
  return option + valueOf(word.slice(option.length), "login", (value) => value);
}

function plainWord(word: string, inner: TextFilter): string {
  // Form data (`-d 'password=x&user=y'`) or a connection string.
  const plain = /^[\w.-]+=[^\s;]*&\S*$/.test(word) ? filterQuery(word) : word;
  return inner(/^[\w ]+=[^;]*;/.test(plain) ? filterConnection(plain) : plain);
}

// Quotes may begin anywhere in a word: `--token="a b"`. An unclosed quote extends to the end.
const WORD = /(?:"(?:[^"\\]|\\[^])*(?:"|$)|'[^']*(?:'|$)|\\[^]|[^\s"'\\])+/g;

function wordsOf(line: string): readonly Word[] {
  return Array.from(line.matchAll(WORD), ({ 0: raw, index }) => ({
    start: index,
    end: index + raw.length,
    text: raw.replaceAll(
      /"((?:[^"\\]|\\[^])*)(?:"|$)|'([^']*)(?:'|$)/g,
      (_all, double?: string, single?: string) =>
        double === undefined ? (single ?? "") : double.replaceAll(/\\(["\\])/g, "$1"),
    ),
  }));
}

// Puts the filtered word between the quotes that surrounded it or its last part.
function requoted(raw: string, shown: string): string {
  const quote = raw.charAt(0);
  if (quote === '"' || quote === "'") return quote + shown.replaceAll(quote, `\\${quote}`) + quote;
  const inner = /["']/.exec(raw)?.[0];
  const at = inner === undefined ? -1 : raw.indexOf(inner);
  return at > 0 && shown.startsWith(raw.slice(0, at)) && inner !== undefined
    ? shown.slice(0, at) + inner + shown.slice(at) + inner
    : shown;
}
