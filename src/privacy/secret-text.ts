import { readLoose } from "./loose-json.js";
import type { LooseNode } from "./loose-node.js";
import { isSecretName, mayHoldNames } from "./secret-name.js";
import { FILTERED } from "./secret-words.js";

/** Characters of a text that are read as JSON, which takes about 4 ms; the rest is replaced by `[Filtered]`. */
const MAX_LENGTH = 65_536;

// JSON, or a JSON string that itself contains JSON.
const STRUCTURED = /^\s*(?:"\s*)?[{[]/;
const BRACKET = /[{[](?!Filtered\])/;

function structureStart(text: string): number {
  return text.includes("{") || text.includes("[") ? text.search(BRACKET) : -1;
}

/** Tells whether a text begins like JSON: complete, cut off, or several values in lines. */
export function isStructured(text: string): boolean {
  // Most texts begin with a letter or a slash, so the pattern is not needed.
  const first = text.charCodeAt(0);
  return FIRST_CODES.has(first) && STRUCTURED.test(text);
}

// Character codes of brackets, the quotation mark, white space and the byte order mark.
const FIRST_CODES: ReadonlySet<number> = new Set(
  Array.from('{[" \t\n\r\uFEFF', (character) => character.charCodeAt(0)),
);

// The time, level or thread in front of a line of a log: `[12:00:05] curl …`, `[info] …`.
const LINE_PREFIX = /^\s*(?:\[[^[\]{}"'`\n]{1,64}\]\s*)+[^\s[\]{},;]/;

/** Tells whether a text as a whole is JSON, not a log line that begins with a bracket. */
export function isJson(text: string): boolean {
  return isStructured(text) && !LINE_PREFIX.test(text);
}

/** Returns false if JSON in a text cannot have a name of a secret. */
export function mayHoldMembers(text: string): boolean {
  return mayHoldNames(text) || text.includes("\\u");
}

/**
 * Filters the JSON in a text. `filter` receives each JSON value and returns it unchanged, or a copy in which some
 * values are replaced by strings. Only the replaced values change in the text, so valid JSON stays valid. JSON may
 * begin anywhere; `between` filters the text outside it.
 */
export function filterStructured(
  text: string,
  filter: (value: unknown) => unknown,
  between: (text: string) => string = unchanged,
): string {
  const start = structureStart(text);
  if (start === -1) return between(text);
  const from = startOfFirst(text, start);
  const read = text.slice(from, from + MAX_LENGTH);
  let shown = between(text.slice(0, from));
  let at = 0;
  for (const node of readLoose(read)) {
    if (node.start < at) continue;
    shown += between(read.slice(at, node.start)) + edited(read, node, filter);
    at = node.end;
  }
  return shown + between(read.slice(at)) + (text.length - from > MAX_LENGTH ? FILTERED : "");
}

// A secret name before a bracket also applies to the strings inside it: `password: ["x"]`. Other content is often
// prose.
const NAME_BEFORE =
  /((?:[\w.$@/-]{1,64} ){0,2})(["']?([\w.$@/-]{1,64})["']?\s{0,2}(?::|=>?)\s{0,2})[{[]\s{0,8}["'`]$/;
const BEGIN = /[{[]\s{0,8}["'`]/y;
const MAX_NAME_BEFORE = 208;

function startOfFirst(text: string, start: number): number {
  if (text.charAt(start - 1) === '"') return start - 1;
  BEGIN.lastIndex = start;
  if (!BEGIN.test(text)) return start;
  const before = text.slice(Math.max(0, start - MAX_NAME_BEFORE), BEGIN.lastIndex);
  const [, words = "", assigned = "", name = ""] = NAME_BEFORE.exec(before) ?? [];
  return name !== "" && isSecretName(words + name) ? start - assigned.length : start;
}

function unchanged(text: string): string {
  return text;
}

function edited(read: string, node: LooseNode, filter: (value: unknown) => unknown): string {
  let shown = "";
  let at = node.start;
  for (const edit of editsOf([node], filter)) {
    shown += read.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return shown + read.slice(at, node.end);
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function editsOf(nodes: readonly LooseNode[], filter: (value: unknown) => unknown): Edit[] {
  const edits: Edit[] = [];
  for (const node of nodes) {
    // If fields have the same name, the parsed value has only the last one; earlier ones are filtered separately.
    const visit = (each: LooseNode, value: unknown): void => {
      if (value === each.value) return;
      if (each.properties !== undefined && isObject(value)) {
        for (const { name, node: field } of each.properties) {
          const isShadowed = !Object.is((each.value as Values)[name], field.value);
          const alone = isShadowed ? (filter({ [name]: field.value }) as Values) : value;
          visit(field, Object.hasOwn(alone, name) ? alone[name] : field.value);
        }
      } else if (each.items !== undefined && Array.isArray(value)) {
        for (const [index, item] of each.items.entries()) visit(item, value[index]);
      } else {
        edits.push({ start: each.start, end: each.end, text: written(value, each) });
      }
    };
    visit(node, filter(node.value));
  }
  return edits;
}

type Values = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function written(value: unknown, { isQuoted, quote }: LooseNode): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (!isQuoted && text !== FILTERED) return text;
  const mark = quote === "" ? '"' : quote;
  let escaped = text;
  for (let level = mark.length; level > 0; level >>= 1)
    escaped = JSON.stringify(escaped).slice(1, -1);
  return mark + (mark.endsWith("'") ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}
