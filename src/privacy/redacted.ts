import {
  mayHoldAssignments,
  withoutAssigned,
  withoutCommands,
  withoutBracketed,
  withoutElements,
} from "./assigned-secrets.js";
import { filterCommandLine, filterWords } from "./command-line.js";
import { filterConnection, urlWithoutSecrets, withoutSecrets } from "./url.js";
import { isHeaderList, formatOf } from "./value-formats.js";
import { isSecretName } from "./secret-name.js";
import { withoutShapes } from "./secret-shapes.js";
import { filterStructured, isStructured } from "./secret-text.js";
import { FILTERED } from "./secret-words.js";
import {
  filterCookies,
  filterQuery,
  filterSetCookie,
  isPersonalHeader,
  isPersonalName,
  isSensitiveKey,
} from "./sensitive.js";

/** Levels of nesting that are read; deeper values become `[Filtered]`. Scopes and spans hold fewer levels. */
const MAX_DEPTH = 64;

/** Levels that JSON inside a string counts for, so that at most seven such strings are nested. */
const TEXT_DEPTH = 8;

/** Characters of a string that are searched for secrets in assignments and commands. */
const MAX_FREE_TEXT = 262_144;

interface Position {
  /** Tells whether values with this name are filtered. */
  readonly names: (name: string) => boolean;
  readonly depth: number;
  /** The option `sendDefaultPii`. If false, values that identify the client and whole cookie headers are filtered. */
  readonly pii: boolean;
  /** Tells whether values with this name identify the client. */
  readonly persons: (name: string) => boolean;
}

/**
 * Returns a JSON value without secrets: values with secret names become `[Filtered]`, at any depth and within strings
 * that hold JSON; secrets in URLs and secrets that are known by their shape are replaced within strings. Without
 * `sendDefaultPii`, whole cookie headers are filtered. All other values and the order are kept; the given value is
 * returned if nothing changes. Empty strings, `null` and booleans reveal nothing and are kept.
 */
export function redacted<T>(value: T, sendDefaultPii = false): T {
  // A replaced value is a string, whatever its type was before.
  return visited(value, rootOf(sendDefaultPii)) as T;
}

/** Filters a value in the same way as `redacted` filters the property `name` of an object. */
export function redactedField(name: string, value: unknown, sendDefaultPii = false): unknown {
  return field(name, value, rootOf(sendDefaultPii));
}

/** Filters a string as `redacted` does. It may contain JSON anywhere. */
export function redactedText(text: string, sendDefaultPii = false): string {
  return freeText(text, rootOf(sendDefaultPii));
}

const DEFAULT_ROOT: Position = Object.freeze({
  names: isSecretName,
  depth: 0,
  pii: false,
  persons: isPersonalName,
});
const PII_ROOT: Position = Object.freeze({ ...DEFAULT_ROOT, pii: true });

function rootOf(sendDefaultPii: boolean): Position {
  return sendDefaultPii ? PII_ROOT : DEFAULT_ROOT;
}

function visited(value: unknown, position: Position): unknown {
  if (typeof value === "string") return freeText(value, position);
  if (typeof value !== "object" || value === null) return value;
  if (position.depth >= MAX_DEPTH) return FILTERED;
  return Array.isArray(value) ? list(value, position) : record(value, position);
}

// Most strings contain neither JSON nor assignments and return in the first line.
function freeText(text: string, position: Position): string {
  if (!mayHoldAssignments(text)) return withoutShapes(withoutSecrets(text));
  if (text.length > MAX_FREE_TEXT) return longText(text, position);
  // Done before the text is split at JSON, because an argument of a command may be JSON.
  const whole = isStructured(text) ? text : withoutCommands(text);
  const plain = withoutBracketed(withoutElements(whole));
  const shown = structured(plain, position, (value, inner) => visited(value, inner));
  return withoutShapes(withoutSecrets(shown));
}

// Patterns with repetitions use stack space for each character, so they throw for strings of several megabytes.
function longText(text: string, position: Position): string {
  const shown = freeText(text.slice(0, MAX_FREE_TEXT), position);
  const rest = text.slice(MAX_FREE_TEXT);
  return shown + (mayHoldAssignments(rest) ? FILTERED : withoutShapes(withoutSecrets(rest)));
}

function structured(
  text: string,
  position: Position,
  filter: (value: unknown, inner: Position) => unknown,
): string {
  const inner = { ...position, depth: position.depth + TEXT_DEPTH };
  if (inner.depth < MAX_DEPTH)
    return filterStructured(
      text,
      (value) => filter(value, inner),
      (gap) => withoutAssigned(gap, position.pii),
    );
  return isStructured(text) ? FILTERED : text;
}

function record(value: object, position: Position): object {
  const inner = { ...position, depth: position.depth + 1 };
  let changed: [string, unknown][] | undefined;
  const entries: [string, unknown][] = Object.entries(value);
  const names = pairNames(value);
  let index = -1;
  for (const [key, entry] of entries) {
    index += 1;
    const shown =
      names === undefined ? field(key, entry, inner) : ofPair(key, entry, { ...names, inner });
    if (shown !== entry) (changed ??= entries.slice())[index] = [key, shown];
  }
  return changed === undefined ? value : Object.fromEntries(changed);
}

const NAME_FIELDS = ["name", "key", "Name", "Key", "header", "field"] as const;
const VALUE_FIELDS = ["value", "Value", "values"] as const;

interface PairNames {
  /** The field that contains the name. */
  readonly nameKey: string;
  readonly name: string;
  readonly valueKey: string;
}

// HTTP archives, container environments and OTLP write properties as objects: `{ name: "Cookie", value: "a=b" }`.
function pairNames(value: object): PairNames | undefined {
  const valueKey = VALUE_FIELDS.find((key) => Object.hasOwn(value, key));
  if (valueKey === undefined) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const nameKey of NAME_FIELDS) {
    const name = Object.hasOwn(value, nameKey) ? fields[nameKey] : undefined;
    if (typeof name === "string") return { nameKey, name, valueKey };
  }
  return undefined;
}

function ofPair(
  key: string,
  entry: unknown,
  names: PairNames & { readonly inner: Position },
): unknown {
  if (key === names.nameKey) return visited(entry, names.inner);
  return field(key === names.valueKey ? names.name : key, entry, names.inner);
}

function field(name: string, value: unknown, position: Position): unknown {
  if (position.names(name)) return withheld(value);
  if (!position.pii && position.persons(name)) return withheld(value);
  if (!position.pii && formatOf(name).isCookie) return withheldCookies(value);
  if (typeof value === "string") return textField(name, value, position);
  return composed(name, value, position);
}

function composed(name: string, value: unknown, position: Position): unknown {
  const { text: shape, isFieldList, isArguments } = formatOf(name);
  const inner = isFieldList ? fieldsOf(name, position) : position;
  if (!Array.isArray(value)) return visited(value, inner);
  if (isArguments && !value.some(isComposed)) return mappedArguments(value, inner);
  if (shape === "text" || shape === "body" || shape === "query") return visited(value, inner);
  // Names and values as pairs: `[["token", "x"]]`.
  if (value.every(isPair)) return visited(value, inner);
  return mapped(value, (entry) =>
    typeof entry === "string" ? textField(name, entry, position) : visited(entry, inner),
  );
}

function fieldsOf(name: string, position: Position): Position {
  const persons = isHeaderList(name) ? isPersonalHeader : position.persons;
  return { ...position, names: isSensitiveKey, persons };
}

function isComposed(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Returns `[Filtered]` for a value with a secret name; empty strings, `null` and booleans are kept. */
export function withheld(value: unknown): unknown {
  const isTelling = value !== undefined && value !== null && value !== "";
  return isTelling && typeof value !== "boolean" ? FILTERED : value;
}

// A number with a cookie's name is the number of cookies.
function withheldCookies(value: unknown): unknown {
  return typeof value === "string" || typeof value === "object" ? withheld(value) : value;
}

function textField(name: string, value: string, position: Position): string {
  if (isStructured(value)) {
    const shown = structured(value, position, (json, inner) =>
      typeof json === "string" ? freeText(json, inner) : composed(name, json, inner),
    );
    return withoutShapes(withoutSecrets(shown));
  }
  switch (formatOf(name).text) {
    case "set-cookie":
      return filterSetCookie(value);
    case "cookies":
      return filterCookies(value);
    case "connection":
      return filterConnection(value);
    case "url":
      return urlText(value, position);
    case "command":
      return filterCommandLine(value, (word) => freeText(word, position));
    case "url-query":
      return withoutSecrets(filterQuery(value));
    case "body":
      return freeText(isForm(value) ? filterQuery(value) : value, position);
    case "query":
      // A string with spaces is a database query, not the query of a URL.
      return freeText(/\s/.test(value) ? value : filterQuery(value), position);
    default:
      return freeText(value, position);
  }
}

// A string with spaces is not a URL but text about one.
function urlText(value: string, position: Position): string {
  return value.includes(" ") ? freeText(value, position) : withoutShapes(urlWithoutSecrets(value));
}

/** Tells whether a string is URL-encoded form data: `user=me&page=2`. */
export function isForm(text: string): boolean {
  return /^[^\s=&{}[\]"<>]+=\S*$/.test(text);
}

// Filters arrays of name-value pairs, and of alternating names and values (Node's `rawHeaders`), by name as well.
function list(values: readonly unknown[], position: Position): readonly unknown[] {
  const inner = { ...position, depth: position.depth + 1 };
  if (values.length > 0 && values.every(isPair))
    return mapped(values, (value) => pair(value, inner));
  if (isOptionList(values)) return mappedArguments(values, inner);
  const isByTurns =
    position.names === isSensitiveKey && values.every((value) => typeof value === "string");
  return mapped(values, (value, index) => {
    const name: unknown = isByTurns && index % 2 === 1 ? values[index - 1] : undefined;
    return typeof name === "string" ? field(name, value, inner) : visited(value, inner);
  });
}

// Tells whether an array holds command-line arguments although its name does not suggest it: `["--token", "x"]`.
function isOptionList(values: readonly unknown[]): boolean {
  return (
    values.some((value) => typeof value === "string" && /^--[a-z]/i.test(value)) &&
    !values.some(isComposed)
  );
}

type Pair = readonly [string, unknown];

function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string";
}

function pair(value: Pair, position: Position): readonly unknown[] {
  const [name, second] = value;
  const shown = field(name, second, position);
  return shown === second ? value : [name, shown];
}

// Argument lists that the application assembled itself may contain numbers.
function mappedArguments(values: readonly unknown[], position: Position): readonly unknown[] {
  const words = values.map((value) =>
    typeof value === "number" ? String(value) : typeof value === "string" ? value : "",
  );
  const shown = filterWords(words, (word) => freeText(word, position));
  return mapped(values, (value, index) => {
    if (typeof value !== "string" && typeof value !== "number") return visited(value, position);
    return shown[index] === words[index] ? value : shown[index];
  });
}

function mapped<T>(
  values: readonly T[],
  change: (value: T, index: number) => unknown,
): readonly unknown[] {
  const shown = values.map(change);
  return shown.every((value, index) => value === values[index]) ? values : shown;
}
