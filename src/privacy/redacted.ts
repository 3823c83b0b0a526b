import {
  mayHoldAssignments,
  mayHoldSecrets,
  withoutAssigned,
  withoutCommands,
  withoutBracketed,
  withoutElements,
  withoutQuoted,
} from "./assigned-secrets.js";
import { isStatement } from "./assigned-lines.js";
import { filterCommandLine, filterWords } from "./command-line.js";
import { filterConnection, isUrlLike, urlWithoutSecrets, withoutUrlSecrets } from "./url.js";
import {
  isComposed,
  isHeaderList,
  isLonePair,
  isOptionList,
  isRawHeaders,
  formatOf,
  pairNames,
} from "./value-formats.js";
import type { PairNames } from "./value-formats.js";
import { isSecretName } from "./secret-name.js";
import { objectFrom } from "../support/foreign.js";
import { mayTakeLong, withoutShapes } from "./secret-shapes.js";
import { withoutLiterals } from "./sql-secrets.js";
import { filterStructured, isJson, isStructured, mayHoldMembers } from "./secret-text.js";
import { mayRead, mayReadName, mayTest, readableLength, searchOf } from "./secret-search.js";
import type { Searching, SecretSearch } from "./secret-search.js";
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

/** Levels that JSON inside a string counts for: at most seven are nested. */
const TEXT_DEPTH = 8;

interface Position {
  /** Tells whether values with this name are filtered. */
  readonly names: (name: string) => boolean;
  readonly depth: number;
  readonly search: SecretSearch;
  /** Tells whether a name identifies the client. */
  readonly persons: (name: string) => boolean;
}

/**
 * Returns a JSON value without secrets: values with secret names become `[Filtered]`, at any depth and within strings
 * that hold JSON; secrets in URLs and secrets that are known by their shape are replaced within strings. Without
 * `sendDefaultPii`, whole cookie headers are filtered. All other values and the order are kept; the given value is
 * returned if nothing changes. Empty strings, `null` and booleans reveal nothing and are kept.
 */
export function redacted<T>(value: T, searching: Searching = false): T {
  // A replaced value is a string, whatever its type was before.
  return visited(value, rootOf(searching)) as T;
}

/** Filters a value in the same way as `redacted` filters the property `name` of an object. */
export function redactedField(name: string, value: unknown, searching: Searching = false): unknown {
  return field(name, value, rootOf(searching));
}

/** Filters a string as `redacted` does. It may contain JSON anywhere. */
export function redactedText(text: string, searching: Searching = false): string {
  return freeText(text, rootOf(searching));
}

function rootOf(searching: Searching): Position {
  return { names: isSecretName, depth: 0, persons: isPersonalName, search: searchOf(searching) };
}

function visited(value: unknown, position: Position): unknown {
  if (typeof value === "string") return freeText(value, position);
  if (typeof value !== "object" || value === null) return value;
  if (position.depth >= MAX_DEPTH) return FILTERED;
  if (!Array.isArray(value)) return record(value, position);
  return mayRead(value.length, position.search) ? list(value, position) : FILTERED;
}

// Most strings contain neither JSON nor assignments, or no name of a secret.
function freeText(text: string, position: Position): string {
  if (!mayTest(text, position.search)) return FILTERED;
  if (mayHoldAssignments(text) && mayHoldSecrets(text)) return inPart(text, position, filteredText);
  return mayTakeLong(text) ? inPart(text, position, withoutTokens) : withoutTokens(text);
}

function withoutTokens(text: string): string {
  return withoutShapes(withoutUrlSecrets(text));
}

type TextFilter = (text: string, position: Position) => string;

// Applies a filter to the part of a text that may be read. The rest is replaced, because it may begin within a secret.
function inPart(text: string, position: Position, filter: TextFilter): string {
  return upTo(readableLength(text, position.search), text, (part) => filter(part, position));
}

function upTo(length: number, text: string, filter: (part: string) => string): string {
  return length === text.length ? filter(text) : filter(text.slice(0, length)) + FILTERED;
}

function filteredText(text: string, position: Position): string {
  const isData = isJson(text);
  // Done before the text is split at JSON, because an argument of a command may be JSON.
  const plain = isData ? text : withoutBracketed(withoutLiterals(withoutCommands(text)));
  return withoutTokens(structured(plain, position, { isData, filter: visited }));
}

interface Reading {
  /** True if the text as a whole is JSON, so that the text between its values was not searched for commands. */
  readonly isData: boolean;
  readonly filter: (value: unknown, inner: Position) => unknown;
}

function structured(text: string, position: Position, { isData, filter }: Reading): string {
  const inner = { ...position, depth: position.depth + TEXT_DEPTH };
  if (inner.depth >= MAX_DEPTH) return isStructured(text) ? FILTERED : text;
  const { sendDefaultPii } = position.search;
  const between = (gap: string): string =>
    withoutAssigned(isData ? withoutCommands(gap) : gap, sendDefaultPii);
  const shown = withoutElements(text);
  // Most JSON has no name of a secret. A list of arguments has none either.
  return filter === visited && !mayHoldMembers(shown)
    ? between(shown)
    : filterStructured(shown, (value) => filter(value, inner), between);
}

function record(value: object, position: Position): unknown {
  const inner = { ...position, depth: position.depth + 1 };
  let changed: [string, unknown][] | undefined;
  const entries: [string, unknown][] = Object.entries(value);
  if (!mayRead(entries.length, position.search)) return FILTERED;
  const names = pairNames(value);
  let index = -1;
  for (const [key, entry] of entries) {
    index += 1;
    const shown =
      names === undefined ? field(key, entry, inner) : ofPair(key, entry, { ...names, inner });
    if (shown !== entry) (changed ??= entries.slice())[index] = [key, shown];
  }
  return changed === undefined ? value : objectFrom(changed);
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
  if (!mayReadName(name, position.search)) return withheld(value);
  // Results of a validation: `{ password: ["is too short"] }`.
  if (position.names(name))
    return Array.isArray(value) && value.every(isStatement) ? value : withheld(value);
  const { sendDefaultPii } = position.search;
  if (!sendDefaultPii && position.persons(name)) return withheld(value);
  if (!sendDefaultPii && formatOf(name).isCookie) return withheldCookies(value);
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
  const { text: shape } = formatOf(name);
  if (shape === "text" && !isStructured(value)) return freeText(value, position);
  if (!mayTest(value, position.search, LISTS.has(shape))) return FILTERED;
  // A command may hold a secret without a name: `-u me:x`.
  const isCommand = shape === "command";
  if (!isCommand && !mayHoldSecrets(value))
    return isStructured(value) ? withoutTokens(value) : formattedText(name, value, position);
  const length = readableLength(value, position.search, isCommand);
  return upTo(length, value, (part) => formattedText(name, part, position));
}

// Formats whose parts are read one by one even if none has a name of a secret.
const LISTS: ReadonlySet<string> = new Set(["connection", "cookies", "set-cookie"]);

function formattedText(name: string, value: string, position: Position): string {
  if (isStructured(value)) {
    const filter = (json: unknown, inner: Position): unknown =>
      typeof json === "string" ? freeText(json, inner) : composed(name, json, inner);
    return withoutTokens(structured(value, position, { isData: true, filter }));
  }
  switch (formatOf(name).text) {
    case "set-cookie":
      return withoutShapes(filterSetCookie(value));
    case "cookies":
      return withoutShapes(filterCookies(value));
    case "connection":
      return withoutShapes(filterConnection(value));
    case "url":
      return urlText(value, position);
    case "command":
      return filterCommandLine(withoutQuoted(value), (word) => freeText(word, position));
    case "url-query":
      return withoutTokens(filterQuery(value));
    case "body":
      return filteredText(isForm(value) ? filterQuery(value) : value, position);
    case "query":
      // A string with spaces is a database query, not the query of a URL.
      return filteredText(/\s/.test(value) ? value : filterQuery(value), position);
    default:
      return filteredText(value, position);
  }
}

function urlText(value: string, position: Position): string {
  return isUrlLike(value) ? withoutShapes(urlWithoutSecrets(value)) : filteredText(value, position);
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
    values.every((value) => typeof value === "string") &&
    (position.names === isSensitiveKey || isRawHeaders(values) || isLonePair(values));
  return mapped(values, (value, index) => {
    const name: unknown = isByTurns && index % 2 === 1 ? values[index - 1] : undefined;
    return typeof name === "string" ? field(name, value, inner) : visited(value, inner);
  });
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
