import { isSecretName } from "./secret-name.js";
import { filterStructured, isStructured } from "./secret-text.js";
import { FILTERED } from "./secret-words.js";

// Terms of the deny list for headers, cookies and query parameters:
// https://develop.sentry.dev/sdk/foundations/client/data-collection/
const SENSITIVE_TERM =
  /auth|token|secret|password|passwd|pwd|key|jwt|bearer|sso|saml|csrf|xsrf|credentials|session|sid|identity/i;

// The same document's optional terms: headers that tell who the client is.
const PERSONAL_TERM = /forwarded|-ip|remote-|via|-user/i;

/** Queries inside of queries that are looked into: what is nested deeper is withheld. */
const MAX_NESTED = 8;

/** Whether values under this key are withheld: it contains a term of Sentry's deny list, in any case. */
export function isSensitiveKey(key: string): boolean {
  return SENSITIVE_TERM.test(key);
}

/** Whether a header of this name tells who the client is: `x-forwarded-for`, `x_real_ip`, `via`. */
export function isPersonalHeader(name: string): boolean {
  return PERSONAL_TERM.test(name.replaceAll("_", "-"));
}

/**
 * Withholds the values of sensitive keys in a URL query; keys, order and other values stay as they
 * are. A query without any comes back as the same string. Never throws.
 */
export function filterQuery(query: string): string {
  return queryAt(query, 0);
}

function queryAt(query: string, depth: number): string {
  // A term may hide in percent-encoding (`%74oken`), so only a query without `%` is cleared by this test.
  if (!SENSITIVE_TERM.test(query) && !query.includes("%")) return query;
  return query
    .split("&")
    .map((pair) => filterPair(pair, depth))
    .join("&");
}

/**
 * Withholds the values of sensitive names in a `Cookie` header. One that is no list of cookies is
 * withheld as a whole.
 */
export function filterCookies(header: string): string {
  const cookies = header.split(";").filter((cookie) => cookie.trim() !== "");
  if (cookies.some((cookie) => cookie.indexOf("=") < 1)) return FILTERED;
  return cookies.map((cookie) => filterPair(cookie, 0)).join(";");
}

// Between cookies that were joined to one header, and not within the date of one.
const NEXT_COOKIE = /(;|,(?=\s*[^\s;,=]+=))/;

/** The same for `Set-Cookie`: a cookie and attributes such as `Path=/`, or several of them joined. */
export function filterSetCookie(header: string): string {
  const parts = header.split(NEXT_COOKIE);
  if ((parts[0] ?? "").indexOf("=") < 1) return header.trim() === "" ? header : FILTERED;
  return parts.map((part) => filterPair(part, 0)).join("");
}

function filterPair(pair: string, depth: number): string {
  const equals = pair.indexOf("=");
  if (equals === -1 || equals === pair.length - 1) return pair;
  const key = pair.slice(0, equals);
  if (isSensitiveKey(decoded(key))) return `${key}=${FILTERED}`;
  // Older servers take `;` for `&`, which is only one where the key before it is not sensitive.
  if (pair.includes(";")) {
    return pair
      .split(";")
      .map((part) => filterPair(part, depth))
      .join(";");
  }
  return `${key}=${filterInner(pair.slice(equals + 1), depth)}`;
}

// JSON may be the value of a parameter, as the variables of GraphQL are. So may a URL, `?next=/login?token=…`, and is most often encoded as one.
function filterInner(value: string, depth: number): string {
  const json = decoded(value);
  if (isStructured(json)) {
    const shown = filterStructured(json, byName);
    return shown === json ? value : encodeURIComponent(shown);
  }
  const mark = value.search(/[?#]|%3f|%23/i);
  if (mark === -1) return value;
  const isEncoded = value.charAt(mark) === "%";
  const start = mark + (isEncoded ? 3 : 1);
  if (depth >= MAX_NESTED) return value.slice(0, start) + FILTERED;
  const inner = isEncoded ? decoded(value.slice(start)) : value.slice(start);
  const filtered = queryAt(inner, depth + 1);
  if (filtered === inner) return value;
  return value.slice(0, start) + (isEncoded ? encodeURIComponent(filtered) : filtered);
}

// In a copy, of which only what differs is written.
function byName(value: unknown): unknown {
  if (typeof value === "string" && isStructured(value)) return filterStructured(value, byName);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(byName);
  const entries = Object.entries(value).map(([name, member]: [string, unknown]) => [
    name,
    isSecretName(name) && member !== null && member !== "" ? FILTERED : byName(member),
  ]);
  return Object.fromEntries(entries) as unknown;
}

function decoded(key: string): string {
  if (!key.includes("%")) return key;
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
