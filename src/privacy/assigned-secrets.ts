// Secrets in texts that are not JSON: `PASSWORD=x`, lines of YAML and of HTTP headers, XML, options of programs. Prose can
// look the same ("password: reset by user"), so a value after a colon is a secret only if it does not read like words.
import { filterCommandLine } from "./command-line.js";
import { isSecretName, mayNameSecret } from "./secret-name.js";
import { FILTERED } from "./secret-words.js";
import { filterSetCookie } from "./sensitive.js";

/** Characters before an assignment that are read as its name. */
const MAX_NAME = 64;

const CANDIDATE = /[{[=]|: |<\/| -[-a-z]| ['"]/i;

/** Returns false if a text contains neither JSON nor assignments. A cheap first test: 60 ns for 40 characters. */
export function mayHoldAssignments(text: string): boolean {
  return CANDIDATE.test(text);
}

/**
 * Replaces values that a text assigns to secret names by `[Filtered]`, in linear time. Without `sendDefaultPii`, cookie
 * headers are replaced as a whole.
 */
export function withoutAssigned(text: string, sendDefaultPii: boolean): string {
  if (text === "" || !(mayNameSecret(text) || isCommand(text) || IDENTIFIED.test(text)))
    return text;
  const plain = withoutQuoted(withoutLines(withoutCommands(text), sendDefaultPii));
  return withoutMarks(plain, sendDefaultPii);
}

// `<password>x</password>`, `<wsse:Password Type="…"><![CDATA[x]]></wsse:Password>`.
const ELEMENT = /(<([\w:.-]{1,64})(?:\s[^<>]{0,512})?>(?:<!\[CDATA\[)?)([^<]+)(?=<\/)/g;

/** Replaces the content of XML elements with a secret name by `[Filtered]`. */
export function withoutElements(text: string): string {
  if (!text.includes("</") || !mayNameSecret(text)) return text;
  return text.replace(ELEMENT, (...match: string[]) => {
    const [all = "", open = "", name = "", value = ""] = match;
    const content = value.replace(/\]\]>$/, "");
    if (content.trim() === "" || !isSecretName(name) || isPlaceholder(content.trim())) return all;
    return open + FILTERED + value.slice(content.length);
  });
}

const COMMAND =
  /(?<![\w.-])(?:curl|wget|mysql|mysqldump|psql|mongosh|redis-cli|sshpass|docker login|ldapsearch|sqlcmd)\s(?=[^\n]{0,512}?(?<=\s)--?[a-z])/i;

// A command may be anywhere in a text: in a message of a child process, in the log of a build.
function withoutCommands(text: string): string {
  return isCommand(text) ? text.replace(COMMAND_LINE, withoutCommand) : text;
}

function isCommand(text: string): boolean {
  return text.includes(" -") && COMMAND.test(text);
}

function withoutCommand(line: string): string {
  const start = line.search(COMMAND);
  if (start === -1) return line;
  return line.slice(0, start) + filterCommandLine(line.slice(start), (word) => word);
}

// Assignments without a sign, in SQL and shells: `PASSWORD 'x'`, `identified by 'x'`, `setx API_TOKEN "x"`. Other words
// before a quotation mark are prose: `unexpected token 'x'`.
const QUOTED =
  /\b((?:(?:with|set) password|PASSWORD|identified (?:with \w{1,64} )?by|IDENTIFIED (?:WITH \w{1,64} )?BY|[A-Z]{1,32}(?:_[A-Z]{1,32}){1,8}) )('[^'\n]{1,256}'|"[^"\n]{1,256}")/g;

const IDENTIFIED = /identified (?:with|by)/i;

function withoutQuoted(text: string): string {
  if (!text.includes(" '") && !text.includes(' "')) return text;
  return text.replace(QUOTED, (...match: string[]) => {
    const [all = "", start = "", value = ""] = match;
    const isSecret = / by $/i.test(start) || isAssignedSecret(start.trim());
    if (!isSecret || isPlaceholder(value)) return all;
    return start + value.charAt(0) + FILTERED + value.charAt(0);
  });
}

// One line, with the following lines if it ends with a backslash.
const COMMAND_LINE = /(?:[^\r\n\\]|\\(?:\r\n|[^]))+/g;

// A name of up to three words at the beginning of a line: `API key: x`.
const LINE =
  /^([ \t>*-]{0,32}(?:export[ \t]|set[ \t])?["']?((?:[\w.$@/-]{1,64} ){0,2}[\w.$@/-]{1,64})["']?[ \t]{0,8}[:=][ \t]{1,8})(\S[^\r\n]*)$/gm;

function withoutLines(text: string, sendDefaultPii: boolean): string {
  if (!text.includes(": ") && !text.includes("= ")) return text;
  const isDocument = isOfLines(text);
  return text.replace(LINE, (...match: string[]) => {
    const [all = "", start = "", name = "", value = ""] = match;
    if (COOKIE.test(name)) return start + (sendDefaultPii ? filterSetCookie(value) : FILTERED);
    if (!isAssignedSecret(name) || isPlaceholder(value)) return all;
    const isSecret = AUTHORIZATION.test(name) || isQuoted(value) || isValue(value, isDocument);
    return isSecret ? start + FILTERED : all;
  });
}

// Two or more lines of names and values are a document; a single one may be a message.
function isOfLines(text: string): boolean {
  return text.includes("\n") && (text.match(LINE)?.length ?? 0) > 1;
}

const AUTHORIZATION = /^(?:proxy-)?authorization$/i;
const COOKIE = /^(?:set-)?cookie$/i;

// In a document, words are values, too, unless they are a statement about the name: `must not be empty`.
function isValue(value: string, isDocument: boolean): boolean {
  const words = value.trimEnd();
  if (isDocument) return !STATEMENT.test(words);
  return !/\s/.test(words) && isRandom(words);
}

const STATEMENT =
  /^(?:must|should|shall|is|are|was|were|has|have|had|may|can|cannot|can't|does|do|did|will|required|invalid|incorrect|wrong|missing|empty|too|not|no|expected|expired|expires|please|field|at least|reset|changed|rejected|accepted|ok)\b/i;

/** Length of the shortest value that can be distinguished from a word. */
const SHORTEST_RANDOM = 6;

// Words contain neither digits nor capitals behind their first letter.
function isRandom(value: string): boolean {
  return value.length >= SHORTEST_RANDOM && /[a-z]/i.test(value) && /\d|[a-z][A-Z]/.test(value);
}

function isQuoted(value: string): boolean {
  return /^(["'`])[^]*\1[,;]?$/.test(value) && value.length > 3;
}

// References (`${NAME}`), parameters of statements (`$1`), format specifiers (`%s`) and values without information.
const PLACEHOLDER =
  /^["'`]?(?:\$(?:\d+|[A-Z_]*)|\$?\{\{?.*|\?|:[a-z]\w*|@[a-z]+|%[sdj]|%\(\w+\).|<.*|\*+|x{3,}|\.{3}|…|\[.*|null|undefined|none|nil|true|false|yes|no|[a-z][\w.]*\(.*|\||>-?)["'`]?[,;.)]?$/is;

function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value);
}

const MARK = /=(?![=>~])|: (?=\S)|(?<=\s)--[a-z][\w.-]{1,64} (?=[^\s-])/gi;

// `PASSWORD=x`, `password = 'x'`, `password: x1y2z3`, `--password x1y2z3`, anywhere in a line.
function withoutMarks(text: string, sendDefaultPii: boolean): string {
  let shown = "";
  let at = 0;
  for (const { 0: mark, index } of text.matchAll(MARK)) {
    if (index < at) continue;
    const name = mark.startsWith("--")
      ? mark.trim()
      : nameBefore(text, index, mark === "=" ? 1 : 3);
    const cookies = mark === ": " ? cookiesAt(text, index + mark.length, name) : undefined;
    const value = cookies ?? secretAt(text, { mark, index, name });
    if (value === undefined) continue;
    const isShown = cookies !== undefined && sendDefaultPii;
    const filtered = isShown ? filterSetCookie(text.slice(value.start, value.end)) : FILTERED;
    shown += text.slice(at, value.start) + filtered;
    at = value.end;
  }
  return at === 0 ? text : shown + text.slice(at);
}

interface Marked {
  readonly mark: string;
  readonly index: number;
  readonly name: string;
}

function secretAt(text: string, { mark, index, name }: Marked): Extent | undefined {
  if (!isAssignedSecret(name)) return undefined;
  const start = index + mark.length;
  const isTight =
    mark === "=" && !/\s/.test(text.charAt(start)) && !/\s/.test(text.charAt(index - 1));
  return valueAt(text, start, isTight);
}

const COOKIE_NAME = /(?:^| )(?:set-)?cookie$/i;
const COOKIE_PAIRS = /[^\s=;,"']{1,256}=[^\s;,"']*(?:; ?[\w.-]{1,64}(?:=[^\s;,"']*)?)*/y;

// Finds a cookie header inside of a line: `GET / Host: h Cookie: a=b; c=d`.
function cookiesAt(text: string, start: number, name: string): Extent | undefined {
  if (!COOKIE_NAME.test(name)) return undefined;
  COOKIE_PAIRS.lastIndex = start;
  const pairs = COOKIE_PAIRS.exec(text)?.[0];
  return pairs === undefined ? undefined : { start, end: start + pairs.length };
}

// `key=value` is about keys in general.
function isAssignedSecret(name: string): boolean {
  return name.length > 1 && !/^key$/i.test(name) && mayNameSecret(name) && isSecretName(name);
}

const NAME_CHARACTER = /[\w.$@-]/;

// Reads a name of up to `words` words, separated by single spaces, without a closing quotation mark.
function nameBefore(text: string, end: number, words: number): string {
  let last = end;
  while (last > 0 && end - last < 8 && /[\s"'\]]/.test(text.charAt(last - 1))) last -= 1;
  let left = words;
  let at = last;
  while (at > 0 && last - at < MAX_NAME) {
    const character = text.charAt(at - 1);
    if (character === " ") left -= 1;
    else if (!NAME_CHARACTER.test(character)) break;
    if (left === 0) break;
    at -= 1;
  }
  return text.slice(at, last);
}

interface Extent {
  readonly start: number;
  readonly end: number;
}

// A value ends where the next assignment begins: `password=x,user=me`, `password=x&page=2`.
const BARE = /(?:[^\s&;,"'<>]|[&;,](?![\w.-]{1,64}=|\s|$))+/y;
const SPACES = /[ \t]{0,8}/y;

function valueAt(text: string, from: number, isTight: boolean): Extent | undefined {
  SPACES.lastIndex = from;
  const start = from + (SPACES.exec(text)?.[0].length ?? 0);
  const quote = text.charAt(start);
  if (quote === '"' || quote === "'" || quote === "`") return quotedAt(text, start, quote);
  BARE.lastIndex = start;
  const value = (BARE.exec(text)?.[0] ?? "").replace(/[.)\]}]{1,4}$/, "");
  if (value === "" || isPlaceholder(value) || !(isTight || isRandom(value))) return undefined;
  return { start, end: start + value.length };
}

function quotedAt(text: string, start: number, quote: string): Extent | undefined {
  const close = text.indexOf(quote, start + 1);
  const end = close === -1 ? text.length : close;
  const value = text.slice(start + 1, end);
  return value === "" || isPlaceholder(value) ? undefined : { start: start + 1, end };
}
