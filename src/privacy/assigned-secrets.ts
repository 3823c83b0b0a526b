// Finds secrets in text that is not JSON: `PASSWORD=x`, lines of YAML and of HTTP headers, XML, command-line options.
// Prose can look the same ("password: reset by user"), so a value after a colon is a secret only if it does not read
// like words.
import { withoutLines } from "./assigned-lines.js";
import { type Extent, isAssignedSecret, isPlaceholder, assignedValueAt } from "./assigned-value.js";
import { filterCommandLine } from "./command-line.js";
import { commandStart, isCommand } from "./command-start.js";
import { isSecretName, mayHoldNames, mayNameSecret } from "./secret-name.js";
import { FILTERED } from "./secret-words.js";
import { isStructured } from "./secret-text.js";
import { filterSetCookie } from "./sensitive.js";

/** Characters before an assignment that are read as its name. */
const MAX_NAME = 64;

const CANDIDATE =
  /[{[=]|:(?:[\s"'\x60\\]|(?<=["'\x60]:)|(?<=(?:-[a-z]{1,32}|uthorization):)[^\s/:])|<\/|(?<![^\s])-[-a-z]|[ (]['"]/i;

/** Returns false if a text contains neither JSON nor assignments. A cheap first test: 60 ns for 40 characters. */
export function mayHoldAssignments(text: string): boolean {
  return CANDIDATE.test(text);
}

/** Returns false if a text contains no name of a secret, no command and nothing encoded: 0.3 µs for 100 characters. */
export function mayHoldSecrets(text: string): boolean {
  return mayHoldNames(text) || ENCODED.test(text) || isCommand(text) || IDENTIFIED.test(text);
}

const ENCODED = /%|\\u/;

/**
 * Replaces values that a text assigns to secret names by `[Filtered]`, in linear time. Without `sendDefaultPii`, cookie
 * headers are replaced as a whole.
 */
export function withoutAssigned(text: string, sendDefaultPii: boolean): string {
  if (text === "" || !(mayHoldNames(text) || IDENTIFIED.test(text))) return text;
  const shown = withoutEscaped(withoutQuoted(withoutLines(text, sendDefaultPii)));
  return withoutMarks(shown, sendDefaultPii);
}

// Members of escaped JSON whose beginning was cut off: `\"password\":\"x\"`.
const ESCAPED = /(?<!\\)((\\{1,7}["'])([\w.$@/-]{1,64})\2\s{0,2}:\s{0,2}\2)([^]*?)((?<!\\)\2|$)/g;

function withoutEscaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(ESCAPED, (...match: string[]) => {
    const [all = "", start = "", , name = "", value = "", end = ""] = match;
    return isAssignedSecret(name) && !isPlaceholder(value) ? start + FILTERED + end : all;
  });
}

// `<password>x</password>`, `<wsse:Password Type="…"><![CDATA[x]]></wsse:Password>`.
const ELEMENT = /(<([\w:.-]{1,64})(?:\s[^<>]{0,512})?>(?:<!\[CDATA\[)?)([^<]+)(?=<\/)/g;

// `<add key="Password" value="x"/>`, `<input value="x" name="password">`.
const TAG = /<[\w:.-]{1,64}\s[^<>]{0,1024}>/g;
const TAG_NAME = /\s(?:key|name)\s{0,8}=\s{0,8}(["'])([^"'<>]{1,64})\1/i;
const TAG_VALUE = /(\svalue\s{0,8}=\s{0,8})("[^"<>]*"|'[^'<>]*')/i;

/** Replaces the content of XML elements with a secret name, and the values of settings in attributes, by `[Filtered]`. */
export function withoutElements(text: string): string {
  if (!text.includes("<") || !mayNameSecret(text)) return text;
  return withoutContents(text.includes("value") ? text.replace(TAG, withoutTagValue) : text);
}

function withoutTagValue(tag: string): string {
  if (!isSecretName(TAG_NAME.exec(tag)?.[2] ?? "")) return tag;
  return tag.replace(TAG_VALUE, (all: string, start: string, value: string) =>
    value.length < 3 || isPlaceholder(value)
      ? all
      : start + value.charAt(0) + FILTERED + value.charAt(0),
  );
}

function withoutContents(text: string): string {
  if (!text.includes("</")) return text;
  return text.replace(ELEMENT, (...match: string[]) => {
    const [all = "", open = "", name = "", value = ""] = match;
    const content = value.replace(/\]\]>$/, "");
    if (content.trim() === "" || !isSecretName(name) || isPlaceholder(content.trim())) return all;
    return open + FILTERED + value.slice(content.length);
  });
}

// Assigned values with a bracket, which would be read as the beginning of JSON: `PASSWORD="a{b c"`, `PASSWORD=a[b`.
const BRACKETED =
  /(?<![\w.-])([\w.-]{1,64})(=|: {1,8}(?=["']))("(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|[^\s"'{}[\]&;,=>~]{1,256}[{[][^\s"'&;,]*|\$?[{[]{1,2}[^\s{}[\]"']{0,64}[}\]]{1,2}[\w$@!%#^*~-][^\s"'&;,]*)/g;

const BRACKET = /[{[]/;

/** Replaces values with brackets that a text which is no JSON assigns to secret names by `[Filtered]`. */
export function withoutBracketed(text: string): string {
  if (!BRACKET.test(text) || isStructured(text) || !mayNameSecret(text)) return text;
  const shown = withoutQuoted(text, BRACKET).replace(FORM_FIELD, formField);
  if (!/[=:]/.test(shown)) return shown;
  return shown.replace(BRACKETED, (...match: string[]) => {
    const [all = "", name = "", sign = "", value = ""] = match;
    const isPlain = !BRACKET.test(value) || isPlaceholder(value);
    return isPlain || !isAssignedSecret(name) ? all : name + sign + quotedLike(value);
  });
}

// `user[password]=x`.
const FORM_FIELD = /(\[["']?([\w.-]{1,64})["']?\]=)("[^"]*"|'[^']*'|[^\s&;,"'<>()]+)/g;

function formField(...[all = "", start = "", name = "", value = ""]: string[]): string {
  return isPlaceholder(value) || !isAssignedSecret(name) ? all : start + quotedLike(value);
}

function quotedLike(value: string): string {
  const quote = /^["']/.exec(value)?.[0] ?? "";
  return quote + FILTERED + quote;
}

/**
 * Replaces secrets in commands by `[Filtered]`. A command may be anywhere in a text, such as in an error message of a
 * child process or in a build log.
 */
export function withoutCommands(text: string): string {
  return isCommand(text) ? text.replace(COMMAND_LINE, withoutCommand) : text;
}

function withoutCommand(line: string): string {
  const start = commandStart(line);
  if (start === -1) return line;
  return line.slice(0, start) + filterCommandLine(line.slice(start), (word) => word);
}

// Assignments without `=` or `:`, in SQL and shells: `PASSWORD 'x'`, `identified by 'x'`, `setx API_TOKEN "x"`. Other
// words before a quotation mark are prose: `unexpected token 'x'`.
const QUOTED =
  /\b((?:(?:with|set) password|PASSWORD|identified (?:with \w{1,64} )?by|IDENTIFIED (?:WITH \w{1,64} )?BY|[A-Z]{1,32}(?:_[A-Z]{1,32}){1,8}) )('(?:[^'\\\n]|\\[^]|''){1,256}(?:'|$)|"(?:[^"\\\n]|\\[^]|""){1,256}(?:"|$))/g;

const ANY = /^/;
const IDENTIFIED = /identified (?:with|by)/i;

/** Replaces strings that follow the name of a secret by `[Filtered]`, if they match a pattern. */
export function withoutQuoted(text: string, pattern: RegExp = ANY): string {
  if (!text.includes(" '") && !text.includes(' "')) return text;
  return text.replace(QUOTED, (...match: string[]) => {
    const [all = "", start = "", value = ""] = match;
    const isSecret = / by $/i.test(start) || isAssignedSecret(start.trim());
    if (!isSecret || isPlaceholder(value) || !pattern.test(value)) return all;
    // The text may have been cut off within the string.
    return start + value.charAt(0) + FILTERED + (isClosed(value) ? value.charAt(0) : "");
  });
}

function isClosed(value: string): boolean {
  return value.length > 1 && value.endsWith(value.charAt(0));
}

// One line, with the following lines if it ends with a backslash.
const COMMAND_LINE = /(?:[^\r\n\\]|\\(?:\r\n|[^]))+/g;

// A colon without a space is taken for an assignment only in a header (`x-api-key:x`) and next to a quotation mark, as in JSON
// whose beginning was cut off; elsewhere it separates the parts of a key (`token:reset:42`).
const MARK =
  /:?=(?![=>~])|: (?=\S)|:(?=["'\x60])|:(?<=\w["'\x60]:)(?=\w)|:(?<=[a-z]-[a-z]{1,32}:)(?=[^\s/:])|-(?<!\S-)-?[a-z][\w.-]{1,64}[ \t]{1,8}(?=[^\s-])/gi;

// `PASSWORD=x`, `password = 'x'`, `password: x1y2z3`, `--password x1y2z3`, anywhere in a line.
function withoutMarks(text: string, sendDefaultPii: boolean): string {
  let shown = "";
  let at = 0;
  let open = "";
  let scanned = 0;
  for (const { 0: mark, index } of text.matchAll(MARK)) {
    if (index < scanned) continue;
    open = openQuote(text.slice(scanned, index), open);
    scanned = index;
    const isOption = mark.startsWith("-");
    const name = isOption
      ? mark.trim()
      : nameBefore(text, index, mark.endsWith("=") || isHeaderAt(text, index, mark) ? 1 : 3);
    const cookies = mark === ": " ? cookiesAt(text, index + mark.length, name) : undefined;
    const value = cookies ?? secretAt(text, { mark, index, name, open });
    if (value === undefined) continue;
    const isShown = cookies !== undefined && sendDefaultPii;
    const filtered = isShown ? filterSetCookie(text.slice(value.start, value.end)) : FILTERED;
    shown += text.slice(at, value.start) + filtered;
    at = value.end;
    scanned = value.next;
  }
  return at === 0 ? text : shown + text.slice(at);
}

interface Marked {
  readonly mark: string;
  readonly index: number;
  readonly name: string;
  /** The quotation mark that encloses the assignment; "" if there is none. */
  readonly open: string;
}

function secretAt(text: string, { mark, index, name, open }: Marked): Extent | undefined {
  if (!isAssignedSecret(name)) return undefined;
  const from = index + mark.length + schemeLength(text, index + mark.length, name);
  const before = text.charAt(index - 1);
  const isMember = mark.startsWith(":") && QUOTE_MARK.test(before);
  const isTight =
    isMember || (mark.endsWith("=") && !/\s/.test(text.charAt(from)) && !/\s/.test(before));
  // The beginning of a JSON text that was cut off may have ended within a string.
  return assignedValueAt(text, { from, isTight, open: isMember ? "" : open });
}

const QUOTE_MARK = /["'`]/;

function isHeaderAt(text: string, index: number, mark: string): boolean {
  return mark === ":" && !QUOTE_MARK.test(text.charAt(index + 1));
}

const AUTHORIZATION = /authorization$/i;
const SCHEME = /(?:basic|bearer|digest|token) {1,3}/iy;

// The scheme of an authorization, which is a word of its own: `Authorization: Bearer x1y2z3`.
function schemeLength(text: string, at: number, name: string): number {
  if (!AUTHORIZATION.test(name)) return 0;
  SCHEME.lastIndex = at;
  return SCHEME.exec(text)?.[0].length ?? 0;
}

const COOKIE_NAME = /(?:^| )(?:set-)?cookie$/i;
const COOKIE_PAIRS = /[^\s=;,"']{1,256}=[^\s;,"']*(?:; ?[\w.-]{1,64}(?:=[^\s;,"']*)?)*/y;

// Finds a cookie header inside of a line: `GET / Host: h Cookie: a=b; c=d`.
function cookiesAt(text: string, start: number, name: string): Extent | undefined {
  if (!COOKIE_NAME.test(name)) return undefined;
  COOKIE_PAIRS.lastIndex = start;
  const pairs = COOKIE_PAIRS.exec(text)?.[0];
  if (pairs === undefined) return undefined;
  const end = start + pairs.length;
  return { start, end, next: end };
}

// Apostrophes within a word are not quotation marks. A line break ends a string, because most unpaired quotation marks
// occur in prose.
const QUOTE = /\n|"|(?<!\w)'|'(?!\w)/g;

/** Returns the quotation mark that is still open after a part of a text; "" if there is none. */
function openQuote(part: string, before: string): string {
  let open = before;
  for (const { 0: mark } of part.matchAll(QUOTE)) {
    if (mark === "\n" || mark === open) open = "";
    else if (open === "") open = mark;
  }
  return open;
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
