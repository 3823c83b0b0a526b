import {
  mayHoldAssignments,
  withoutAssigned,
  withoutCommands,
  withoutBracketed,
  withoutElements,
} from "./assigned-secrets.js";
import { filterCommandLine, filterWords } from "./command-line.js";
import { filterConnection, urlWithoutSecrets, withoutSecrets } from "./url.js";
import { isHeaderList, shapeOf } from "./member-names.js";
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

/** Levels of nesting; deeper values are `[Filtered]`. Scopes and spans hold fewer levels. */
const MAX_DEPTH = 64;

/** Levels that JSON inside of a text counts for, so that at most seven texts are nested. */
const TEXT_DEPTH = 8;

/** Characters of a text that are searched for secrets in assignments and commands. */
const MAX_FREE_TEXT = 262_144;

interface Position {
  /** Tells whether values with this name are filtered. */
  readonly names: (name: string) => boolean;
  readonly depth: number;
  /** `sendDefaultPii`: if false, cookies are filtered as a whole, and what identifies the client. */
  readonly pii: boolean;
  /** Tells whether a name identifies the client. */
  readonly persons: (name: string) => boolean;
}

/**
 * Returns a JSON value in which values with secret names are `[Filtered]`, at any depth and within texts that hold JSON, and
 * texts contain no secrets of URLs and none that are known by their shape. Without `sendDefaultPii`, cookies are filtered as
 * a whole. All other values, and the order, are kept; the given value is returned if nothing changes. Empty texts, `null`
 * and booleans reveal nothing and stay.
 */
export function redacted<T>(value: T, sendDefaultPii = false): T {
  // A replaced value is a string, whatever its type was.
  return visited(value, rootOf(sendDefaultPii)) as T;
}

/** Filters a value as `redacted` would filter it as the member `name` of an object. */
export function redactedMember(name: string, value: unknown, sendDefaultPii = false): unknown {
  return member(name, value, rootOf(sendDefaultPii));
}

/** Filters a text as `redacted` does: it may contain JSON anywhere. */
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

// The first line is for most texts: they contain neither JSON nor assignments.
function freeText(text: string, position: Position): string {
  if (!mayHoldAssignments(text)) return withoutShapes(withoutSecrets(text));
  if (text.length > MAX_FREE_TEXT) return longText(text, position);
  // Before the text is cut at JSON: an argument of a command may be JSON.
  const whole = isStructured(text) ? text : withoutCommands(text);
  const plain = withoutBracketed(withoutElements(whole));
  const shown = structured(plain, position, (value, inner) => visited(value, inner));
  return withoutShapes(withoutSecrets(shown));
}

// Patterns with repetitions need stack for each character: they throw for texts of several megabytes.
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
      names === undefined ? member(key, entry, inner) : ofPair(key, entry, { ...names, inner });
    if (shown !== entry) (changed ??= entries.slice())[index] = [key, shown];
  }
  return changed === undefined ? value : Object.fromEntries(changed);
}

const NAME_MEMBERS = ["name", "key", "Name", "Key", "header", "field"] as const;
const VALUE_MEMBERS = ["value", "Value", "values"] as const;

interface PairNames {
  /** The member that contains the name. */
  readonly nameKey: string;
  readonly name: string;
  readonly valueKey: string;
}

// HTTP archives, environments of containers and OTLP write members as objects: `{ name: "Cookie", value: "a=b" }`.
function pairNames(value: object): PairNames | undefined {
  const valueKey = VALUE_MEMBERS.find((key) => Object.hasOwn(value, key));
  if (valueKey === undefined) return undefined;
  const members = value as Readonly<Record<string, unknown>>;
  for (const nameKey of NAME_MEMBERS) {
    const name = Object.hasOwn(value, nameKey) ? members[nameKey] : undefined;
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
  return member(key === names.valueKey ? names.name : key, entry, names.inner);
}

function member(name: string, value: unknown, position: Position): unknown {
  if (position.names(name)) return withheld(value);
  if (!position.pii && position.persons(name)) return withheld(value);
  if (!position.pii && shapeOf(name).isCookie) return withheldCookies(value);
  if (typeof value === "string") return textMember(name, value, position);
  return composed(name, value, position);
}

function composed(name: string, value: unknown, position: Position): unknown {
  const { text: shape, isFieldList, isArguments } = shapeOf(name);
  const inner = isFieldList ? fieldsOf(name, position) : position;
  if (!Array.isArray(value)) return visited(value, inner);
  if (isArguments && !value.some(isComposed)) return mappedArguments(value, inner);
  if (shape === "text" || shape === "body" || shape === "query") return visited(value, inner);
  // Names and values as pairs: `[["token", "x"]]`.
  if (value.every(isPair)) return visited(value, inner);
  return mapped(value, (entry) =>
    typeof entry === "string" ? textMember(name, entry, position) : visited(entry, inner),
  );
}

function fieldsOf(name: string, position: Position): Position {
  const persons = isHeaderList(name) ? isPersonalHeader : position.persons;
  return { ...position, names: isSensitiveKey, persons };
}

function isComposed(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Returns `[Filtered]` for a value with a secret name; empty texts, `null` and booleans stay. */
export function withheld(value: unknown): unknown {
  const isTelling = value !== undefined && value !== null && value !== "";
  return isTelling && typeof value !== "boolean" ? FILTERED : value;
}

// A number with a cookie's name is a count of cookies.
function withheldCookies(value: unknown): unknown {
  return typeof value === "string" || typeof value === "object" ? withheld(value) : value;
}

function textMember(name: string, value: string, position: Position): string {
  if (isStructured(value)) {
    const shown = structured(value, position, (json, inner) =>
      typeof json === "string" ? freeText(json, inner) : composed(name, json, inner),
    );
    return withoutShapes(withoutSecrets(shown));
  }
  switch (shapeOf(name).text) {
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
      // A text with spaces is a database query.
      return freeText(/\s/.test(value) ? value : filterQuery(value), position);
    default:
      return freeText(value, position);
  }
}

// What has spaces is no URL, but a text about one.
function urlText(value: string, position: Position): string {
  return value.includes(" ") ? freeText(value, position) : withoutShapes(urlWithoutSecrets(value));
}

/** Tells whether a text is URL-encoded form data: `user=me&page=2`. */
export function isForm(text: string): boolean {
  return /^[^\s=&{}[\]"<>]+=\S*$/.test(text);
}

// A list of name-value pairs, or of alternating names and values (Node's `rawHeaders`), is filtered by name as well.
function list(values: readonly unknown[], position: Position): readonly unknown[] {
  const inner = { ...position, depth: position.depth + 1 };
  if (values.length > 0 && values.every(isPair))
    return mapped(values, (value) => pair(value, inner));
  if (isOptionList(values)) return mappedArguments(values, inner);
  const isByTurns =
    position.names === isSensitiveKey && values.every((value) => typeof value === "string");
  return mapped(values, (value, index) => {
    const name: unknown = isByTurns && index % 2 === 1 ? values[index - 1] : undefined;
    return typeof name === "string" ? member(name, value, inner) : visited(value, inner);
  });
}

// Arguments of a program under a name that does not say so: `["--token", "x"]`.
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
  const shown = member(name, second, position);
  return shown === second ? value : [name, shown];
}

// Arguments that were put together by hand may be numbers.
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
