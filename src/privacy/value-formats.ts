import { isAssignedSecret, isRandom } from "./assigned-value.js";
import { isSecretName } from "./secret-name.js";

// Recognizes the format of a value by the name of its attribute or field.

const FIELD_LISTS = /(?:cookies?|headers?|query|(?:query|search)_?params?|trailers)$/i;

const HEADERS = /(?:headers?|trailers)$/i;

const SET_COOKIE = /set[_-]?cookies?$/i;
const COOKIES = /cookies?(?:[_-]?(?:data|header|jar|raw|string|value)s?)?$/i;
const COOKIE_SETTING = /^(?:accept|allow|block|disable|enable|has|third|use)/i;
const ONE_COOKIE = /(?:^|[._])(?:set[_-])?cookies?[.]/i;

const QUERY = /(?:query|query_?string|search|fragment)$/i;
const URL_NAME =
  /(?:(?<!(?:^|[^a-z])c)url|uri|href|target|referr?er|location|url\.(?:full|original))$/i;
const URL_QUERY = /(?:(?:url|http)\.query|query_?string)$/i;
const ARGUMENTS = /(?:command_?args|argv|args|arguments)$/i;
const COMMAND = /(?:command_?lines?|cmd_?line|cmd|command|command_?args|argv)$/i;
const CONNECTION = /(?:connection_?string|conn_?str|jdbc_?url|dsn)$/i;
const BODY = /(?:body|payload|form|form_?data|post_?data)(?:\.(?:content|data|text))?$/i;

/** The format of a string value, as its name suggests. */
type TextFormat =
  | "body"
  | "command"
  | "connection"
  | "cookies"
  | "query"
  | "set-cookie"
  | "text"
  | "url"
  | "url-query";

const SHAPES: readonly (readonly [RegExp, TextFormat])[] = [
  [CONNECTION, "connection"],
  [URL_NAME, "url"],
  [COMMAND, "command"],
  [BODY, "body"],
  [URL_QUERY, "url-query"],
  [QUERY, "query"],
];

/** Facts about a value that follow from the name of its field. */
interface ValueFormat {
  /** The format of a string with this name; `text` if the name does not suggest one. */
  readonly text: TextFormat;
  /** True for a whole cookie header: `cookie`, `http.request.header.set-cookie`, `rawCookies`. */
  readonly isCookie: boolean;
  /**
   * True if the sender of a request, not the application, chooses the names inside the value: headers, cookies, query
   * parameters.
   */
  readonly isFieldList: boolean;
  /** True for a list of command-line arguments. */
  readonly isArguments: boolean;
}

/** Names that are cached, and the longest of them. Most names come from a small vocabulary. */
const MAX_REMEMBERED = 4096;
const MAX_REMEMBERED_LENGTH = 256;

const known = new Map<string, ValueFormat>();

/** Returns the facts that follow from a name. Cached. */
export function formatOf(name: string): ValueFormat {
  return known.get(name) ?? learned(name);
}

function learned(name: string): ValueFormat {
  const isCookie =
    COOKIES.test(name) && !COOKIE_SETTING.test(name.slice(name.lastIndexOf(".") + 1));
  const shape: ValueFormat = {
    text: isCookie ? cookieShapeOf(name) : textShapeOf(name),
    isCookie,
    isFieldList: FIELD_LISTS.test(name),
    isArguments: ARGUMENTS.test(name),
  };
  if (known.size < MAX_REMEMBERED && name.length <= MAX_REMEMBERED_LENGTH) known.set(name, shape);
  return shape;
}

function cookieShapeOf(name: string): TextFormat {
  return SET_COOKIE.test(name) ? "set-cookie" : "cookies";
}

function textShapeOf(name: string): TextFormat {
  return SHAPES.find(([pattern]) => pattern.test(name))?.[1] ?? "text";
}

/** Tells whether a list of fields has headers: `requestHeaders`, `trailers`, `http.request.headers`. */
export function isHeaderList(name: string): boolean {
  return HEADERS.test(name);
}

/** Tells whether an attribute holds a single cookie: `http.request.header.cookie.sid`. */
export function isSingleCookie(name: string): boolean {
  return ONE_COOKIE.test(name);
}

/** Tells whether a value's format follows from its name. */
export function hasKnownFormat(name: string): boolean {
  const { text, isFieldList, isArguments } = formatOf(name);
  return isFieldList || isArguments || text !== "text";
}

const NAME_FIELDS = ["name", "key", "Name", "Key", "header", "field"] as const;
const VALUE_FIELDS = ["value", "Value", "values"] as const;

/** The properties of an object that are a name and its value. */
export interface PairNames {
  /** The property that contains the name. */
  readonly nameKey: string;
  readonly name: string;
  readonly valueKey: string;
}

/**
 * Finds the name and the value of an object that represents a single property, as in HTTP archives, container
 * environments and OTLP: `{ name: "Cookie", value: "a=b" }`.
 */
export function pairNames(value: object): PairNames | undefined {
  const valueKey = VALUE_FIELDS.find((key) => Object.hasOwn(value, key));
  if (valueKey === undefined) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const nameKey of NAME_FIELDS) {
    const name = Object.hasOwn(value, nameKey) ? fields[nameKey] : undefined;
    if (typeof name === "string") return { nameKey, name, valueKey };
  }
  return undefined;
}

const HEADER_NAME = /^[a-z][a-z\d-]*$/i;
const COMMON_HEADER = /^(?:host|accept|user-agent|content-type|authorization|cookie)$/i;

const LISTED_HEADER =
  /^(?:[a-z]+(?:-[a-z]+)+|accept|authorization|cookie|host|origin|range|vary)$/i;

/**
 * Tells whether an array consists of names and values of headers although its name does not suggest it. A list of names is
 * none.
 */
export function isRawHeaders(values: readonly string[]): boolean {
  const names = values.filter((_value, index) => index % 2 === 0);
  return (
    values.length > 2 &&
    values.length % 2 === 0 &&
    names.every((name) => HEADER_NAME.test(name)) &&
    names.some((name) => COMMON_HEADER.test(name)) &&
    !values.every((value) => LISTED_HEADER.test(value))
  );
}

const AUTHENTICATION = /^(?:basic|bearer|digest|token) \S/i;

/**
 * Tells whether an array is the name of a secret or cookie and its value: `["authorization", "Bearer x"]`. A list of two
 * names is none: `["password", "email"]`.
 */
export function isLonePair(values: readonly string[]): boolean {
  const [name = "", value = ""] = values;
  if (values.length !== 2 || !/^[\w.-]{2,64}$/.test(name)) return false;
  if (formatOf(name).isCookie) return /^[^\s=]+=./.test(value);
  return isAssignedSecret(name) && readsSecret(value);
}

function readsSecret(text: string): boolean {
  if (AUTHENTICATION.test(text)) return true;
  return text.length >= 8 && /^[^\s:]+$/.test(text) && isRandom(text) && !isSecretName(text);
}

/** Tells whether an array holds command-line arguments although its name does not suggest it: `["--token", "x"]`. */
export function isOptionList(values: readonly unknown[]): boolean {
  return (
    values.some((value) => typeof value === "string" && /^--[a-z]/i.test(value)) &&
    !values.some(isComposed)
  );
}

/** Tells whether a value is an object or an array. */
export function isComposed(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
