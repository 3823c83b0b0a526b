// Finds the beginning and end of a value that a text assigns to a name, and tells whether it reads like a secret.
import { isSecretName, mayNameSecret } from "./secret-name.js";

/**
 * Tells whether an assignment to this name may hold a secret. A bare `key` is not enough: `key=value` usually describes
 * the notation.
 */
export function isAssignedSecret(name: string): boolean {
  return name.length > 1 && !/^key$/i.test(name) && mayNameSecret(name) && isSecretName(name);
}

/** The extent of a value within a text. */
export interface Extent {
  readonly start: number;
  readonly end: number;
  /** Offset after the value and its closing quotation mark. */
  readonly next: number;
}
// Strings are read by the rules of a shell, which cover those of other languages, too: an escaped character does not
// end a string, and text that touches its closing quotation mark continues it (`"a""b"`, `'it'\''s'`, `"a" + "b"`). A
// string without a closing mark extends to the end.
const STRING = String.raw`(?:"(?:[^"\\]|\\[^])*(?:"|$)|'(?:[^'\\]|\\[^])*(?:'|$)|\x60(?:[^\x60\\]|\\[^])*(?:\x60|$))`;
const QUOTED = new RegExp(
  String.raw`(?:[bfnru]{1,2}|[$@])?${STRING}(?:${STRING}|\s{0,8}\+\s{0,8}(?=["'\x60])|\.(?=["'\x60])|\\[^]|[\w$@!%#^*~-])*`,
  "iy",
);

// Without quotes, a value ends at a space or where the next assignment begins: `password=x,user=me`,
// `password=x&page=2`.
const BARE = /(?:\\[^]|[^\s&;,"'\\<>]|[&;,](?![\w.-]{1,64}=|["'\s]|$))+/y;
const INNER_STRING = /"(?:[^"\\\n]|\\[^]){0,512}"|'(?:[^'\\\n]|\\[^]){0,512}'|["'](?=\w)/y;
// What begins like a placeholder and continues is a value: `<x>y`.
const ANGLED = /<[^<>\s]{0,64}>(?=[\w$])/y;
const SPACES = /[ \t]{0,8}/y;
const FIRST_MARK = /(?:[bfnru]{1,2}|[$@])?["'\x60]/iy;

interface ValueStart {
  readonly from: number;
  /** True if there are no spaces around the `=` or `:`. */
  readonly isTight: boolean;
  /** The quotation mark that encloses the assignment; "" if there is none. */
  readonly open: string;
}

/** Returns the value at an offset of a text; undefined if there is none or if it does not read like a secret. */
export function assignedValueAt(
  text: string,
  { from, isTight, open }: ValueStart,
): Extent | undefined {
  const start = from + matchAt(SPACES, text, from).length;
  const mark = matchAt(FIRST_MARK, text, start).slice(-1);
  const quoted = mark === "" || mark === open ? "" : matchAt(QUOTED, text, start);
  if (quoted !== "") return quotedAt(quoted, start);
  // What is not filtered is read again for the next assignment, so only its beginning is.
  if (!isTight && !isRandom(withoutEnd(bareAt(text.slice(start, start + MAX_SHOWN), 0, open))))
    return undefined;
  const bare = bareAt(text, start, open);
  const value = withoutEnd(bare);
  if (value === "" || isPlaceholder(bare) || isPlaceholder(value)) return undefined;
  // A call with several arguments ends behind the comma.
  if (text.charAt(start + bare.length) === "," && OPEN_CALL.test(bare)) return undefined;
  return { start, end: start + value.length, next: start + value.length };
}

function withoutEnd(bare: string): string {
  return bare.replace(/[.)\]}]{1,4}$/, "");
}

const OPEN_CALL = /^[a-z_][\w.]{0,64}\([^()]{0,256}$/i;

/** Characters in which a value must read as random. */
const MAX_SHOWN = 256;

function firstMark(quoted: string): number {
  return quoted.search(/["'`]/);
}

function quotedAt(quoted: string, start: number): Extent | undefined {
  const first = firstMark(quoted);
  const next = start + quoted.length;
  const isWhole = quoted.length > first + 1 && quoted.endsWith(quoted.charAt(first));
  const value = quoted.slice(first + 1, isWhole ? -1 : undefined);
  if (value === "" || isPlaceholder(value)) return undefined;
  return { start: start + first + 1, end: isWhole ? next - 1 : next, next };
}

// A string within a word belongs to the value (`a"b c"`), unless its mark closes the string that encloses the
// assignment (`"token=a"`).
function bareAt(text: string, start: number, open: string): string {
  let at = start + matchAt(ANGLED, text, start).length;
  for (;;) {
    at += matchAt(BARE, text, at).length;
    if (at === start || text.charAt(at) === open) break;
    const inner = matchAt(INNER_STRING, text, at);
    if (inner === "") break;
    at += inner.length;
  }
  return text.slice(start, at);
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}
/** Length of the shortest value that can be distinguished from a word. */
const SHORTEST_RANDOM = 6;

/** Tells whether a value is not a word: it has a digit, or a capital after its first letter. */
export function isRandom(value: string): boolean {
  return value.length >= SHORTEST_RANDOM && /[a-z]/i.test(value) && /\d|[a-z][A-Z]/.test(value);
}

/** Tells whether a value is a whole string in quotation marks. */
export function isQuoted(value: string): boolean {
  return /^(["'`])[^]*\1[,;]?$/.test(value) && value.length > 3;
}

// References (`${NAME}`), parameters of statements (`$1`), format specifiers (`%s`) and other values that reveal
// nothing.
const PLACEHOLDER =
  /^["'`]?(?:\$(?:\d+|[A-Z_]*)|(?!\$\{\w+:?[-=])\$?\{\{?[^{}]*\}{1,3}|\$?\{\{?|\?|:[a-z]\w*|@[a-z]+|%[sdj]|%\(\w+\).|<[^<>]*>|<|\*+|x{3,}|\.{3}|…|\[[^[\]]*\]{1,2}|\[|null|undefined|none|nil|true|false|yes|no|[a-z][\w.]*\(.*\)|\||>-?)["'`]?[,;.)\]}]{0,4}$/is;

// Placeholders are skipped, and their text is read again for the next assignment. The bound keeps the filter linear.
const MAX_PLACEHOLDER = 256;

/** Tells whether a value is a placeholder for one that is not shown. */
export function isPlaceholder(value: string): boolean {
  return value.length <= MAX_PLACEHOLDER && PLACEHOLDER.test(value);
}
