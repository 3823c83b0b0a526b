// Filters lines that consist of a name and a value, as in YAML, properties files and HTTP headers.
import { isAssignedSecret, isPlaceholder, isQuoted, isRandom } from "./assigned-value.js";
import { FILTERED } from "./secret-words.js";
import { filterSetCookie, isPersonalName } from "./sensitive.js";

// A name of up to three words at the beginning of a line, and a value on the same line or below it: `API key: x`.
const LINE =
  /^([ \t>*-]{0,32}(?:export[ \t]|set[ \t])?["']?((?:[\w.$@/-]{1,64} ){0,2}[\w.$@/-]{1,64})["']?[ \t]{0,8}[:=](?:[ \t]{1,8}|(?<=[Aa]uthorization:)|(?=\r?\n)))(\S[^\r\n]*|(?=\r?\n))/gm;

const VALUED_LINE = new RegExp(
  LINE.source.replace("(?:[ \\t]{1,8}|(?<=[Aa]uthorization:)|(?=\\r?\\n))", "[ \\t]{1,8}"),
  "gm",
);

/** Replaces the values of lines with a secret name by `[Filtered]`. */
export function withoutLines(text: string, sendDefaultPii: boolean): string {
  if (!/[:=][ \t\r\n]|uthorization:/.test(text)) return text;
  const valued = valuedLines(text);
  let shown = "";
  let at = 0;
  for (const match of text.matchAll(LINE)) {
    const [, start = "", name = "", value = ""] = match;
    if (match.index < at) continue;
    const from = match.index + start.length;
    const line: Line = {
      text,
      name,
      value,
      from,
      indent: indentOf(start),
      isDocument: value === "" ? valued > 0 : valued > 1,
    };
    const change = headerChange(line, sendDefaultPii) ?? changeOf(line);
    if (change === undefined) continue;
    shown += text.slice(at, from) + change.text;
    at = change.end;
  }
  return at === 0 ? text : shown + text.slice(at);
}

// Two or more such lines, of which one has a value, are taken for a document; a single line may be a message.
function valuedLines(text: string): number {
  return text.includes("\n") ? (text.match(VALUED_LINE)?.length ?? 0) : 0;
}

interface Line {
  readonly text: string;
  readonly name: string;
  readonly value: string;
  /** Offset of the value. */
  readonly from: number;
  /** Columns before the name. */
  readonly indent: number;
  readonly isDocument: boolean;
}

/** Replacement text for the part of the input that begins with the value. */
interface Change {
  readonly text: string;
  readonly end: number;
}

// Cookies, and headers that identify the client.
function headerChange({ name, value, from }: Line, sendDefaultPii: boolean): Change | undefined {
  const end = from + value.length;
  if (value === "" || (COOKIE.test(name) && isRemark(value))) return undefined;
  if (!sendDefaultPii && (COOKIE.test(name) || isPersonalName(name)))
    return { text: FILTERED, end };
  return COOKIE.test(name) ? { text: filterSetCookie(value), end } : undefined;
}

function changeOf(line: Line): Change | undefined {
  const { text, name, value, from } = line;
  if (!isAssignedSecret(name)) return undefined;
  if (value === "" || BLOCK.test(value)) return blockOf(line);
  if (isPlaceholder(value)) return undefined;
  const string = openString(text, from);
  if (string > from + value.length) return { text: FILTERED, end: string };
  if (isHeaderName(name) && isRemark(value)) return undefined;
  const isSecret = AUTHORIZATION.test(name) || isQuoted(value) || isValue(value, line.isDocument);
  return isSecret ? { text: FILTERED, end: from + value.length } : undefined;
}

// A quoted string may span several lines.
const STRING = /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'/y;

function openString(text: string, from: number): number {
  STRING.lastIndex = from;
  return from + (STRING.exec(text)?.[0].length ?? 0);
}

// The header of a YAML block scalar: `|`, `>-`, `|2+`, `!!binary |`.
const BLOCK = /^(?:!\S{1,32} )?[|>][+-]?\d?[+-]?(?:\s+#.*)?$/;

function blockOf(line: Line): Change | undefined {
  const { text, name, value, from, isDocument } = line;
  const start = from + value.length;
  const block = text.slice(start, blockEnd(line, start));
  const lead = /^\s*(?:- +)?/.exec(block)?.[0] ?? "";
  const content = block.slice(lead.length).trimEnd();
  if (content === "" || isPlaceholder(content)) return undefined;
  // Without a block header, the indented lines may belong to a message: a stack trace, or the reasons of a failed
  // validation.
  const isBlock =
    value !== "" ||
    (!name.includes(" ") && !content.startsWith("at ") && isValue(content, isDocument));
  return isBlock
    ? { text: value + lead + FILTERED, end: start + lead.length + content.length }
    : undefined;
}

const NEXT_LINE = /\r?\n([ \t]*)([^\r\n]?)[^\r\n]*/y;

// Returns the end of the block: the lines below that are indented further, or are list items in the same column.
function blockEnd({ text, value, indent }: Line, start: number): number {
  let end = start;
  for (;;) {
    NEXT_LINE.lastIndex = end;
    const [all, { length } = "", first = ""] = NEXT_LINE.exec(text) ?? [];
    const isItem = value === "" && first === "-" && length === indent;
    if (all === undefined || (first !== "" && length <= indent && !isItem)) return end;
    end += all.length;
  }
}

function indentOf(start: string): number {
  return /^[ \t>*-]*/.exec(start)?.[0].length ?? 0;
}

const AUTHORIZATION = /^(?:proxy-)?authorization$/i;
const COOKIE = /^(?:set-)?cookie$/i;

// In a document, a value may consist of words, unless they are a statement about the name: `must not be empty`.
function isValue(value: string, isDocument: boolean): boolean {
  const words = value.trimEnd();
  if (isDocument) return !STATEMENT.test(words);
  return !/\s/.test(words) && isRandom(words);
}

function isHeaderName(name: string): boolean {
  return AUTHORIZATION.test(name) || COOKIE.test(name);
}

// Tells whether a value is a remark about a header instead of its content: `required`, `too large`.
function isRemark(value: string): boolean {
  const words = value.trimEnd().split(/[ \t]+/);
  return STATEMENT.test(value) && words.every((word) => /^[a-z'-]{1,16}[.,;!]?$/i.test(word));
}

/** Tells whether a text of several words is a statement about a name: `is too short`. */
export function isStatement(text: unknown): boolean {
  return typeof text === "string" && text.includes(" ") && STATEMENT.test(text);
}

const STATEMENT =
  /^(?:must|should|shall|is|are|was|were|has|have|had|may|can|cannot|can't|does|do|did|will|required|invalid|incorrect|wrong|missing|empty|too|not|no|expected|expired|expires|please|field|at least|reset|changed|rejected|accepted|ok)\b/i;
