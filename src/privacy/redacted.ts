import { mayHold, withoutAssigned, withoutElements } from "./assigned-secrets.js";
import { filterCommandLine, filterWords } from "./command-line.js";
import { filterConnection, urlWithoutSecrets, withoutSecrets } from "./url.js";
import { shapeOf } from "./member-names.js";
import { isSecretName } from "./secret-name.js";
import { withoutShapes } from "./secret-shapes.js";
import { filterStructured, isStructured } from "./secret-text.js";
import { FILTERED } from "./secret-words.js";
import { filterCookies, filterQuery, filterSetCookie, isSensitiveKey } from "./sensitive.js";

/** What is nested deeper is no value that a scope or a span has. */
const MAX_DEPTH = 64;

/** How many levels of nesting JSON inside of a text counts for: at most eight texts are nested. */
const TEXT_DEPTH = 8;

interface Place {
  /** The names under which values are withheld. */
  readonly names: (name: string) => boolean;
  readonly depth: number;
  /** False where cookies are withheld as a whole. */
  readonly pii: boolean;
}

/**
 * A JSON value in which values under secret names are `[Filtered]`, at any depth, also within texts that
 * hold JSON, and texts hold no secret of a URL or one that is known by its shape. Cookies are withheld as
 * a whole without `sendDefaultPii`. All else is kept, in order: the same value where nothing had to
 * change. What is empty, `null` or a boolean tells nothing and stays.
 */
export function redacted<T>(value: T, sendDefaultPii = false): T {
  // What has been replaced is a text in the place of another value.
  return visited(value, rootOf(sendDefaultPii)) as T;
}

/** Filters a value as the member of this name of a value that `redacted` is given. */
export function redactedMember(name: string, value: unknown, sendDefaultPii = false): unknown {
  return member(name, value, rootOf(sendDefaultPii));
}

/** Filters a text as `redacted` does: JSON may stand anywhere in it. */
export function redactedText(text: string, sendDefaultPii = false): string {
  return freeText(text, rootOf(sendDefaultPii));
}

const OPEN_ROOT: Place = Object.freeze({ names: isSecretName, depth: 0, pii: true });
const SHY_ROOT: Place = Object.freeze({ names: isSecretName, depth: 0, pii: false });

function rootOf(sendDefaultPii: boolean): Place {
  return sendDefaultPii ? OPEN_ROOT : SHY_ROOT;
}

function visited(value: unknown, place: Place): unknown {
  if (typeof value === "string") return freeText(value, place);
  if (typeof value !== "object" || value === null) return value;
  if (place.depth >= MAX_DEPTH) return FILTERED;
  return Array.isArray(value) ? list(value, place) : record(value, place);
}

// Most texts hold neither.
function freeText(text: string, place: Place): string {
  if (!mayHold(text)) return withoutShapes(withoutSecrets(text));
  const plain = withoutElements(text);
  const shown = structured(plain, place, (value, inner) => visited(value, inner));
  return withoutShapes(withoutSecrets(shown));
}

function structured(
  text: string,
  place: Place,
  filter: (value: unknown, inner: Place) => unknown,
): string {
  const inner = { ...place, depth: place.depth + TEXT_DEPTH };
  if (inner.depth < MAX_DEPTH)
    return filterStructured(
      text,
      (value) => filter(value, inner),
      (gap) => withoutAssigned(gap, place.pii),
    );
  return isStructured(text) ? FILTERED : text;
}

function record(value: object, place: Place): object {
  const inner = { ...place, depth: place.depth + 1 };
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
  /** The member that holds the name, and the name. */
  readonly nameKey: string;
  readonly name: string;
  readonly valueKey: string;
}

// As archives of HTTP, environments of containers and OTLP have it: `{ name: "Cookie", value: "a=b" }`.
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
  names: PairNames & { readonly inner: Place },
): unknown {
  if (key === names.nameKey) return visited(entry, names.inner);
  return member(key === names.valueKey ? names.name : key, entry, names.inner);
}

function member(name: string, value: unknown, place: Place): unknown {
  if (place.names(name)) return withheld(value);
  if (!place.pii && shapeOf(name).isCookie) return withheldCookies(value);
  if (typeof value === "string") return textMember(name, value, place);
  return composed(name, value, place);
}

function composed(name: string, value: unknown, place: Place): unknown {
  const { text: shape, isFieldList, isArguments } = shapeOf(name);
  const inner = isFieldList ? { ...place, names: isSensitiveKey } : place;
  if (!Array.isArray(value)) return visited(value, inner);
  if (isArguments && !value.some(isComposed)) return mappedArguments(value, inner);
  if (shape === "text" || shape === "body" || shape === "query") return visited(value, inner);
  return mapped(value, (entry) =>
    typeof entry === "string" ? textMember(name, entry, place) : visited(entry, inner),
  );
}

function isComposed(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** What is shown of a value under a secret name. */
export function withheld(value: unknown): unknown {
  const isTelling = value !== undefined && value !== null && value !== "";
  return isTelling && typeof value !== "boolean" ? FILTERED : value;
}

// A number under such a name counts cookies.
function withheldCookies(value: unknown): unknown {
  return typeof value === "string" || typeof value === "object" ? withheld(value) : value;
}

function textMember(name: string, value: string, place: Place): string {
  if (isStructured(value)) {
    const shown = structured(value, place, (json, inner) =>
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
      return urlWithoutSecrets(value);
    case "command":
      return filterCommandLine(value, (word) => freeText(word, place));
    case "url-query":
      return withoutSecrets(filterQuery(value));
    case "body":
      return freeText(isForm(value) ? filterQuery(value) : value, place);
    case "query":
      // A query of a database is a text with spaces.
      return freeText(/\s/.test(value) ? value : filterQuery(value), place);
    default:
      return freeText(value, place);
  }
}

/** Returns true for a text of names and values as forms are sent: `user=me&page=2`. */
export function isForm(text: string): boolean {
  return /^[^\s=&{}[\]"<>]+=\S*$/.test(text);
}

// A list of pairs of name and value, or of names and values by turns, is a record too.
function list(values: readonly unknown[], place: Place): readonly unknown[] {
  const inner = { ...place, depth: place.depth + 1 };
  if (values.length > 0 && values.every(isPair))
    return mapped(values, (value) => pair(value, inner));
  const isByTurns =
    place.names === isSensitiveKey && values.every((value) => typeof value === "string");
  return mapped(values, (value, index) => {
    const name: unknown = isByTurns && index % 2 === 1 ? values[index - 1] : undefined;
    return typeof name === "string" ? member(name, value, inner) : visited(value, inner);
  });
}

type Pair = readonly [string, unknown];

function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string";
}

function pair(value: Pair, place: Place): readonly unknown[] {
  const [name, second] = value;
  const shown = member(name, second, place);
  return shown === second ? value : [name, shown];
}

// Arguments are numbers too where they were composed by hand.
function mappedArguments(values: readonly unknown[], place: Place): readonly unknown[] {
  const words = values.map((value) =>
    typeof value === "number" ? String(value) : typeof value === "string" ? value : "",
  );
  const shown = filterWords(words, (word) => freeText(word, place));
  return mapped(values, (value, index) => {
    if (typeof value !== "string" && typeof value !== "number") return visited(value, place);
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
