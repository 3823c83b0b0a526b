import { isSecretName } from "./secret-name.js";
import {
  FILTERED,
  filterCookies,
  filterQuery,
  filterSetCookie,
  isSensitiveKey,
} from "./sensitive.js";
import { urlWithoutSecrets, withoutSecrets } from "./url.js";

type Names = (name: string) => boolean;

/** Members whose own members are named by those who call, not by the application. */
const FIELD_LISTS = /(?:cookies?|headers?|query|(?:query|search)_?params?|trailers)$/i;

const COOKIES = /cookies?$/i;
const SET_COOKIE = /set[_-]?cookie$/i;
const QUERY = /(?:query|query_?string|search|fragment)$/i;
const URL_NAME = /(?:url|uri|href|target|referr?er|location|url\.(?:full|original))$/i;
const URL_QUERY = /(?:(?:url|http)\.query|query_?string)$/i;
const ARGUMENTS = /(?:^|[._])(?:command_args|argv|exec_?argv|args)$/i;
const ARGUMENT = /^--?([\w.-]+)(=?)/;

/** Whether a member of this name is a URL or path as a whole. */
export function isUrlName(name: string): boolean {
  return URL_NAME.test(name);
}

/** What is nested deeper is no value that a scope or a span has. */
const MAX_DEPTH = 64;

/**
 * A JSON value in which values under secret names are `[Filtered]`, at any depth, and texts hold no
 * secret of a URL: all else is kept, in order. The same value where nothing had to change, so that
 * it costs nothing to keep it. What is empty, `null` or a boolean tells nothing and stays.
 */
export function redacted<T>(value: T): T {
  // What has been replaced is a text in the place of another value.
  return visited(value, { names: isSecretName, depth: 0 }) as T;
}

/** The same for the value of a member of this name. */
export function redactedMember(name: string, value: unknown): unknown {
  return member(name, value, { names: isSecretName, depth: 0 });
}

/** The same where the members are headers, cookies or parameters: the deny list is a substring of their names. */
export function redactedFields<T>(value: T): T {
  return visited(value, { names: isSensitiveKey, depth: 0 }) as T;
}

interface Place {
  readonly names: Names;
  readonly depth: number;
}

function visited(value: unknown, place: Place): unknown {
  if (typeof value === "string") return withoutSecrets(value);
  if (typeof value !== "object" || value === null) return value;
  if (place.depth >= MAX_DEPTH) return FILTERED;
  return Array.isArray(value) ? list(value, place) : record(value, place);
}

function record(value: object, { names, depth }: Place): object {
  const inner = { names, depth: depth + 1 };
  let changed: [string, unknown][] | undefined;
  const entries = Object.entries(value);
  for (const [index, [key, entry]] of entries.entries()) {
    const shown: unknown = member(key, entry, inner);
    if (shown !== entry) (changed ??= entries.slice())[index] = [key, shown];
  }
  return changed === undefined ? value : Object.fromEntries(changed);
}

function member(name: string, value: unknown, { names, depth }: Place): unknown {
  if (names(name)) return withheld(value);
  if (typeof value === "string") return textMember(name, value);
  const inner = { names: FIELD_LISTS.test(name) ? isSensitiveKey : names, depth };
  if (!Array.isArray(value)) return visited(value, inner);
  if (COOKIES.test(name) || SET_COOKIE.test(name) || URL_NAME.test(name))
    return mapped(value, (entry) =>
      typeof entry === "string" ? textMember(name, entry) : visited(entry, inner),
    );
  return ARGUMENTS.test(name) ? mappedArguments(value, inner) : visited(value, inner);
}

/** What is shown of a value under a secret name. */
export function withheld(value: unknown): unknown {
  const isTelling = value !== undefined && value !== null && value !== "";
  return isTelling && typeof value !== "boolean" ? FILTERED : value;
}

function textMember(name: string, value: string): string {
  if (SET_COOKIE.test(name)) return filterSetCookie(value);
  if (COOKIES.test(name)) return filterCookies(value);
  if (URL_NAME.test(name)) return urlWithoutSecrets(value);
  // A query of a database is a text with spaces.
  const isQuery = QUERY.test(name) && (URL_QUERY.test(name) || !/\s/.test(value));
  return withoutSecrets(isQuery ? filterQuery(value) : value);
}

// A list of pairs of name and value, or of names and values by turns, is a record too.
function list(values: readonly unknown[], place: Place): readonly unknown[] {
  const { names, depth } = place;
  const inner = { names, depth: depth + 1 };
  if (names !== isSensitiveKey) return mapped(values, (value) => visited(value, inner));
  if (values.every((value) => typeof value === "string")) {
    return mapped(values, (value, index) => {
      const name = index % 2 === 1 ? values[index - 1] : undefined;
      return name === undefined ? visited(value, inner) : member(name, value, inner);
    });
  }
  return mapped(values, (value) => {
    if (isPair(value)) return pair(value, inner);
    return isNamed(value) ? named(value, inner) : visited(value, inner);
  });
}

// As archives of HTTP have their headers: `{ name: "Cookie", value: "a=b" }`.
interface Named {
  readonly name: string;
  readonly value: unknown;
}

function isNamed(value: unknown): value is Named {
  return (
    typeof value === "object" &&
    value !== null &&
    "value" in value &&
    "name" in value &&
    typeof value.name === "string"
  );
}

function named(entry: Named, place: Place): Named {
  const value = member(entry.name, entry.value, place);
  return value === entry.value ? entry : { ...entry, value };
}

function isPair(value: unknown): value is readonly [string, unknown] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string";
}

function pair(value: readonly [string, unknown], place: Place): readonly unknown[] {
  const [name, second] = value;
  const shown = member(name, second, place);
  return shown === second ? value : [name, shown];
}

// `--token=x` as well as `--token x`.
function mappedArguments(values: readonly unknown[], place: Place): readonly unknown[] {
  let isNextSecret = false;
  return mapped(values, (value) => {
    const [option = "", name = "", equals] =
      (typeof value === "string" ? ARGUMENT.exec(value) : undefined) ?? [];
    const isSecret = isSecretName(name);
    const isValue = isNextSecret && option === "";
    isNextSecret = isSecret && equals === "";
    if (isValue) return withheld(value);
    return isSecret && equals === "=" ? option + FILTERED : visited(value, place);
  });
}

function mapped<T>(
  values: readonly T[],
  change: (value: T, index: number) => unknown,
): readonly unknown[] {
  const shown = values.map(change);
  return shown.every((value, index) => value === values[index]) ? values : shown;
}
