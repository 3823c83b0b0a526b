import { FILTERED, filterQuery } from "./sensitive.js";

// Every text is accepted: what is no URL has no authority, and comes back without query and fragment.
// `URL` is not used because it throws on these, re-encodes the others and costs microseconds.

/**
 * A URL or path that is fit for a name: no query, no fragment, credentials replaced by
 * `[Filtered]:[Filtered]@`, a trailing `:80` or `:443` of the host left out.
 */
export function sanitizeUrl(url: string): string {
  const end = pathEnd(url);
  const host = authorityStart(url, end);
  if (host === -1) return url.slice(0, end);
  const hostEnd = authorityEnd(url, host, end);
  const login = url.lastIndexOf("@", hostEnd - 1);
  const port = portStart(url, hostEnd);
  if (login < host && port === hostEnd) return url.slice(0, end);
  const credentials = login < host ? "" : `${FILTERED}:${FILTERED}@`;
  const hostStart = Math.max(login + 1, host);
  return url.slice(0, host) + credentials + url.slice(hostStart, port) + url.slice(hostEnd, end);
}

/** A URL or path as it is, but for credentials and the values of sensitive query keys. */
export function withoutSecrets(url: string): string {
  if (!url.includes("@") && !url.includes("?")) return url;
  const base = url.includes("@") ? sanitizeUrl(url) : url.slice(0, pathEnd(url));
  const query = queryOf(url);
  const fragment = fragmentOf(url);
  return `${base}${query === "" ? "" : `?${query}`}${fragment === "" ? "" : `#${fragment}`}`;
}

/** The query of a URL or path without its `?`, with sensitive values withheld; "" when it has none. */
export function queryOf(url: string): string {
  const mark = url.indexOf("?");
  if (mark === -1) return "";
  const hash = url.indexOf("#");
  // A `?` after the `#` belongs to the fragment: the slice is then empty.
  return filterQuery(url.slice(mark + 1, hash === -1 ? url.length : hash));
}

/** The fragment of a URL or path without its `#`; "" when it has none. */
export function fragmentOf(url: string): string {
  const hash = url.indexOf("#");
  return hash === -1 ? "" : url.slice(hash + 1);
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
