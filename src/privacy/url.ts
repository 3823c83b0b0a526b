import { FILTERED } from "./secret-words.js";
import { mayHoldShapes, withoutShapes } from "./secret-shapes.js";
import { filterQuery, isSensitiveKey, mayHoldSensitiveKeys } from "./sensitive.js";

// Any string is accepted; one that is not a URL has no authority. The class `URL` is not used: it throws for such
// strings, re-encodes others and takes microseconds.

const LOGIN = `//${FILTERED}:${FILTERED}@`;

// Matches up to the last `@` before the path. A password that contains `/`, `?` or `#` would end the authority too
// early; it is recognized because the text after the colon is not a port. Almost no character is read twice.
const CREDENTIALS =
  /(?<=:|^)\/\/(?:[^\s"<>`/?#]*|(?!\[)[^\s"<>`/?#:@]*:(?!\d*(?:[\s"<>`/?#,]|$))[^\s"<>`]{0,256})@/g;

const QUERY = /([?#])((?:[^\s"<>`#\\]|\\(?!"))+)/g;

/**
 * Returns a URL or path for use in a name: without query, fragment and the ports 80 and 443, and with credentials replaced
 * by `[Filtered]:[Filtered]@`.
 */
export function sanitizeUrl(url: string): string {
  const shown = withoutCredentials(url);
  return withoutDefaultPort(shown, pathEnd(shown));
}

function withoutDefaultPort(url: string, end: number): string {
  const host = authorityStart(url, end);
  if (host === -1) return url.slice(0, end);
  const hostEnd = authorityEnd(url, host, end);
  const port = portStart(url, hostEnd);
  return port === hostEnd ? url.slice(0, end) : url.slice(0, port) + url.slice(hostEnd, end);
}

/** The parts of a URL that needs neither a filter nor, in JSON, an escape. */
export interface PlainUrl {
  /** The URL without query and default port, as `sanitizeUrl` returns it. */
  readonly name: string;
  /** The query without its `?`; "" if there is none. */
  readonly query: string;
}

// Everything but the ASCII characters that a URL without credentials, fragment and escapes consists of.
const UNUSUAL_IN_URL = /[^\w.,/:?&=+()*~;!$-]/;

let lastUrl = "";
let lastParts: PlainUrl | undefined;

/** Returns the parts of a URL if it is plain, as most are. The last one is cached, because a span's URL is read twice. */
export function plainUrl(url: string): PlainUrl | undefined {
  if (url === lastUrl) return lastParts;
  const parts = plainPartsOf(url);
  lastUrl = url;
  lastParts = parts;
  return parts;
}

function plainPartsOf(url: string): PlainUrl | undefined {
  if (url.length > MAX_PLAIN_URL || UNUSUAL_IN_URL.test(url)) return undefined;
  const isAbsolute = url.startsWith("http://") || url.startsWith("https://");
  if (!isAbsolute && ASSIGNED.test(url)) return undefined;
  const mark = url.indexOf("?");
  const query = mark === -1 ? "" : url.slice(mark + 1);
  if ((query !== "" && mayHoldSensitiveKeys(query)) || mayHoldShapes(url)) return undefined;
  return { name: withoutDefaultPort(url, mark === -1 ? url.length : mark), query };
}

const MAX_PLAIN_URL = 1024;

/**
 * Filters the secrets in all URLs and paths of a text: credentials, and values of sensitive keys in queries and fragments.
 * Returns the given string if nothing changes.
 */
export function withoutUrlSecrets(text: string): string {
  const shown = withoutCredentials(text);
  if (!shown.includes("=") || !(shown.includes("?") || shown.includes("#"))) return shown;
  return shown.replace(QUERY, (_all, mark: string, query: string) => mark + filterQuery(query));
}

/** Tells whether a text can be one whole URL. Otherwise it is text about a URL, or XML. */
export function isUrlLike(text: string): boolean {
  const isProse = text.includes(" ") || text.includes("<") || text.includes("\n");
  return !isProse && !ASSIGNED.test(text);
}

const ASSIGNED = /^[^/?#:=]{1,64}=/;

/** Filters the secrets of a text that as a whole is a URL or path, so that its query may contain any character. */
export function urlWithoutSecrets(url: string): string {
  const shown = withoutCredentials(url);
  const end = pathEnd(shown);
  if (end === shown.length) return shown;
  const hash = shown.indexOf("#", end);
  const query = shown.slice(end + 1, hash === -1 ? shown.length : hash);
  const start = shown.slice(0, end) + (hash === end ? "" : `?${filterQuery(query)}`);
  return hash === -1 ? start : `${start}#${filterQuery(shown.slice(hash + 1))}`;
}

function withoutCredentials(text: string): string {
  if (!text.includes("//") || !text.includes("@")) return text;
  return text.replace(CREDENTIALS, LOGIN);
}

/** Returns the query of a URL or path without its `?`, filtered; "" if it has none. */
export function queryOf(url: string): string {
  const mark = url.indexOf("?");
  if (mark === -1) return "";
  const hash = url.indexOf("#");
  // A `?` after the `#` belongs to the fragment: the slice is then empty.
  const query = withoutCredentials(url.slice(mark + 1, hash === -1 ? url.length : hash));
  return withoutShapes(filterQuery(query));
}

/** Returns the fragment of a URL or path without its `#`, filtered like a query; "" if it has none. */
export function fragmentOf(url: string): string {
  const hash = url.indexOf("#");
  return hash === -1 ? "" : withoutShapes(filterQuery(url.slice(hash + 1)));
}

/** Returns the path of a URL that has neither query nor fragment; `/` if it has no path. */
export function urlPath(url: string): string {
  const host = authorityStart(url, url.length);
  return host === -1 ? url : url.slice(authorityEnd(url, host, url.length)) || "/";
}

function pathEnd(url: string): number {
  const query = url.indexOf("?");
  const hash = url.indexOf("#");
  if (query === -1) return hash === -1 ? url.length : hash;
  return hash === -1 ? query : Math.min(query, hash);
}

function authorityStart(url: string, end: number): number {
  const slashes = url.indexOf("//");
  if (slashes === -1 || slashes + 2 > end) return -1;
  // Double slashes within a path (`/a//b@c`) do not begin an authority, except after a colon: a URL may be part of a
  // path (`/proxy/http://me:password@host`).
  return slashes === 0 || url.charAt(slashes - 1) === ":" ? slashes + 2 : -1;
}

function authorityEnd(url: string, start: number, end: number): number {
  const slash = url.indexOf("/", start);
  return slash === -1 || slash > end ? end : slash;
}

function portStart(url: string, hostEnd: number): number {
  if (url.startsWith(":80", hostEnd - 3)) return hostEnd - 3;
  return url.startsWith(":443", hostEnd - 4) ? hostEnd - 4 : hostEnd;
}

// After an unclosed quote, everything up to the end may belong to the value. The name is read backwards from the `=`, so
// that a text without one is read once.
const SPACED_SETTING =
  /=(?<=([^\s;&?=]{1,64})\s{0,8}=)(\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^\s;&]*)/g;
const SETTING =
  /=(?<=([^;&?=]{1,64})=)(\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^;&]*)/g;
const CLOSED = /^(?:\{[^]*\}|'[^]*'|"[^]*"|[^{'"][^]*)?$/;

/** Filters the secrets of a connection string: `Server=db;Password=x y`, `host=db password=x` or a URL. */
export function filterConnection(text: string): string {
  const setting = text.includes(";") ? SETTING : SPACED_SETTING;
  return withoutUrlSecrets(text).replace(setting, (...match: string[]) => {
    const [all = "", name = "", spaces = "", setTo = ""] = match;
    return isSensitiveKey(name) || !CLOSED.test(setTo) ? `=${spaces}${FILTERED}` : all;
  });
}
