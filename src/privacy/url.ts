import { FILTERED } from "./secret-words.js";
import { filterQuery, isSensitiveKey } from "./sensitive.js";

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
  const end = pathEnd(shown);
  const host = authorityStart(shown, end);
  if (host === -1) return shown.slice(0, end);
  const hostEnd = authorityEnd(shown, host, end);
  const port = portStart(shown, hostEnd);
  return port === hostEnd ? shown.slice(0, end) : shown.slice(0, port) + shown.slice(hostEnd, end);
}

/**
 * Filters the secrets in all URLs and paths of a text: credentials, and values of sensitive keys in queries and fragments.
 * Returns the given string if nothing changes.
 */
export function withoutSecrets(text: string): string {
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
  return filterQuery(withoutCredentials(url.slice(mark + 1, hash === -1 ? url.length : hash)));
}

/** Returns the fragment of a URL or path without its `#`, filtered like a query; "" if it has none. */
export function fragmentOf(url: string): string {
  const hash = url.indexOf("#");
  return hash === -1 ? "" : filterQuery(url.slice(hash + 1));
}

/** Returns the path of a URL without query and fragment; `/` if it has none. */
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

// After an unclosed quote, everything up to the end may belong to the value.
const SPACED_SETTING =
  /([^\s;&?=]{1,64})(\s{0,8}=\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^\s;&]*)/g;
const SETTING =
  /([^;&?=]{1,64})(=\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^;&]*)/g;
const CLOSED = /^(?:\{[^]*\}|'[^]*'|"[^]*"|[^{'"][^]*)?$/;

/** Filters the secrets of a connection string: `Server=db;Password=x y`, `host=db password=x` or a URL. */
export function filterConnection(text: string): string {
  const setting = text.includes(";") ? SETTING : SPACED_SETTING;
  return withoutSecrets(text).replace(setting, (...match: string[]) => {
    const [all = "", name = "", equals = "", setTo = ""] = match;
    return isSensitiveKey(name) || !CLOSED.test(setTo) ? `${name}${equals}${FILTERED}` : all;
  });
}
