import { FILTERED } from "./secret-words.js";
import { filterQuery, isSensitiveKey } from "./sensitive.js";

// Every text is accepted: what is no URL has no authority, and comes back without query and fragment.
// `URL` is not used because it throws on these, re-encodes the others and costs microseconds.

const LOGIN = `//${FILTERED}:${FILTERED}@`;

// Up to the last `@` before the path. A password with a `/`, `?` or `#` in it ends the authority too
// early: what follows the colon is then no port. No part is looked at twice, or only a few of them.
const CREDENTIALS =
  /(?<=:|^)\/\/(?:[^\s"<>`/?#]*|(?!\[)[^\s"<>`/?#:@]*:(?!\d*(?:[\s"<>`/?#,]|$))[^\s"<>`]{0,256})@/g;

const QUERY = /([?#])((?:[^\s"<>`#\\]|\\(?!"))+)/g;

/**
 * A URL or path that is fit for a name: no query, no fragment, credentials replaced by
 * `[Filtered]:[Filtered]@`, a trailing `:80` or `:443` of the host left out.
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
 * A text as it is, but for what is secret in the URLs and paths in it: credentials, and the values of
 * sensitive keys in a query or a fragment. The same string where there is nothing of that.
 */
export function withoutSecrets(text: string): string {
  const shown = withoutCredentials(text);
  if (!shown.includes("=") || !(shown.includes("?") || shown.includes("#"))) return shown;
  return shown.replace(QUERY, (_all, mark: string, query: string) => mark + filterQuery(query));
}

/** The same for a text that is a URL or path as a whole, whatever signs are in it. */
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

/** The query of a URL or path without its `?`, with sensitive values withheld; "" when it has none. */
export function queryOf(url: string): string {
  const mark = url.indexOf("?");
  if (mark === -1) return "";
  const hash = url.indexOf("#");
  // A `?` after the `#` belongs to the fragment: the slice is then empty.
  return filterQuery(withoutCredentials(url.slice(mark + 1, hash === -1 ? url.length : hash)));
}

/** The fragment of a URL or path without its `#`, filtered as a query is; "" when it has none. */
export function fragmentOf(url: string): string {
  const hash = url.indexOf("#");
  return hash === -1 ? "" : filterQuery(url.slice(hash + 1));
}

/** The path of a URL that has neither query nor fragment; `/` when it has none. */
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
  // Slashes elsewhere belong to a path, `/a//b@c`; those after a colon are those of a URL, also when
  // it is part of a path, `/proxy/http://me:password@host`.
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

// With a quote that is not closed, all that follows may be its value.
const SPACED_SETTING =
  /([^\s;&?=]{1,64})(\s{0,8}=\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^\s;&]*)/g;
const SETTING =
  /([^;&?=]{1,64})(=\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^;&]*)/g;
const CLOSED = /^(?:\{[^]*\}|'[^]*'|"[^]*"|[^{'"][^]*)?$/;

/** Withholds the secrets of `Server=db;Password=x y`, `host=db password=x` or a URL. */
export function filterConnection(text: string): string {
  const setting = text.includes(";") ? SETTING : SPACED_SETTING;
  return withoutSecrets(text).replace(setting, (...match: string[]) => {
    const [all = "", name = "", equals = "", setTo = ""] = match;
    return isSensitiveKey(name) || !CLOSED.test(setTo) ? `${name}${equals}${FILTERED}` : all;
  });
}
