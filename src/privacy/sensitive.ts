import { isSecretName } from "./secret-name.js";
import { filterStructured, isStructured } from "./secret-text.js";
import { FILTERED } from "./secret-words.js";

// Terms of the deny list for headers, cookies and query parameters:
// https://develop.sentry.dev/sdk/foundations/client/data-collection/
const SENSITIVE_TERM =
  /auth|token|secret|password|passwd|pwd|key|jwt|bearer|sso|saml|csrf|xsrf|credentials|session|sid|identity/i;

// The same document's optional terms, for headers that identify the client.
const PERSONAL_TERM = /forwarded|-ip|remote-|via|-user/i;

/** Levels of URL queries nested in each other's parameters; deeper ones are replaced by `[Filtered]`. */
const MAX_NESTED = 8;

/** Tells whether values with this key are filtered: it contains a term of Sentry's deny list, in any case. */
export function isSensitiveKey(key: string): boolean {
  return SENSITIVE_TERM.test(key);
}

/** Tells whether a header identifies the client: `x-forwarded-for`, `x_real_ip`, `via`. */
export function isPersonalHeader(name: string): boolean {
  return PERSONAL_TERM.test(name.replaceAll("_", "-"));
}

// Full names of headers that identify the client; CGI writes them as `HTTP_X_FORWARDED_FOR` and `REMOTE_ADDR`. Names
// such as `via` and `*-user` are common outside of headers, so substrings are not enough.
const PERSONAL_NAME =
  /^(?:http-)?(?:(?:x-)?(?:original-)?forwarded(?:-for|-user|-email)?|x-real-ip|(?:x-|true-|fastly-|fly-)?client-ip|x-cluster-client-ip|cf-connecting-ip(?:v6)?|x-appengine-user-ip|x-azure-(?:client|socket)ip|x-envoy-external-address|cloudfront-viewer-address|(?:x-)?remote-(?:addr|address|user|ip)|(?:client|source|network-peer)-address|client-socket-address|net-peer-ip|net-sock-peer-addr)$/;
const PERSONAL_HINT = /forwarded|ip(?:v6)?$|addr|user$/i;

/**
 * Tells whether a field of any object identifies the client: it has the exact name of a header that does (`x-forwarded-for`,
 * `HTTP_X_REAL_IP`, `remoteAddress`) or of an attribute with the address of a client (`client.address`).
 */
export function isPersonalName(name: string): boolean {
  if (name.length > MAX_PERSONAL_NAME || !PERSONAL_HINT.test(name)) return false;
  const words = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").replaceAll(/[_.]/g, "-");
  return PERSONAL_NAME.test(words.toLowerCase());
}

const MAX_PERSONAL_NAME = 64;

/**
 * Replaces the values of sensitive keys in a URL query by `[Filtered]`; keys, order and other values are kept. Returns the
 * given string if nothing changes. Never throws.
 */
export function filterQuery(query: string): string {
  return queryAt(query, 0);
}

/** Returns false if a query has no sensitive keys: a cheap first test. */
export function mayHoldSensitiveKeys(query: string): boolean {
  // A term may be percent-encoded (`%74oken`).
  return QUERY_HINT.test(query) || query.includes("%");
}

function queryAt(query: string, depth: number): string {
  if (!mayHoldSensitiveKeys(query)) return query;
  return query
    .split("&")
    .map((pair) => filterPair(pair, depth))
    .join("&");
}

/**
 * Replaces the values of cookies with sensitive names in a `Cookie` header by `[Filtered]`. A header that is not a list
 * of cookies is replaced as a whole.
 */
export function filterCookies(header: string): string {
  const cookies = header.split(";").filter((cookie) => cookie.trim() !== "");
  if (cookies.some((cookie) => cookie.indexOf("=") < 1)) return FILTERED;
  return cookies.map((cookie) => filterPair(cookie, 0)).join(";");
}

// Separates attributes and joined cookies; the comma inside of a date does not match.
const NEXT_COOKIE = /(;|,(?=\s*[^\s;,=]+=))/;

/** Filters a `Set-Cookie` header like `filterCookies`: a cookie with attributes such as `Path=/`, or several joined. */
export function filterSetCookie(header: string): string {
  const parts = header.split(NEXT_COOKIE);
  if ((parts[0] ?? "").indexOf("=") < 1) return header.trim() === "" ? header : FILTERED;
  return parts.map((part) => filterPair(part, 0)).join("");
}

// Parameters with the signature of a URL: `X-Amz-Signature`, `X-Goog-Signature`, Azure's `sig`. They give access to
// anyone who has the URL.
const SIGNATURE = /^(?:sig|(?:.*[-_])?signature)$/i;
const QUERY_HINT = new RegExp(`${SENSITIVE_TERM.source}|sig`, "i");

function filterPair(pair: string, depth: number): string {
  const equals = pair.indexOf("=");
  if (equals === -1 || equals === pair.length - 1) return pair;
  const key = pair.slice(0, equals);
  if (isSensitiveKey(decoded(key)) || SIGNATURE.test(decoded(key))) return `${key}=${FILTERED}`;
  // Older servers also accept `;` as separator. After a sensitive key, it may be part of the secret.
  if (pair.includes(";")) {
    return pair
      .split(";")
      .map((part) => filterPair(part, depth))
      .join(";");
  }
  return `${key}=${filterInner(pair.slice(equals + 1), depth)}`;
}

// The value of a parameter may itself be JSON (GraphQL variables) or a URL, usually encoded: `?next=/login?token=…`.
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

// Returns a copy in which values with secret names are filtered. `filterStructured` writes only the changed values into
// the text.
function byName(value: unknown): unknown {
  if (typeof value === "string" && isStructured(value)) return filterStructured(value, byName);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(byName);
  const entries = Object.entries(value).map(([name, field]: [string, unknown]) => [
    name,
    isSecretName(name) && field !== null && field !== "" ? FILTERED : byName(field),
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
