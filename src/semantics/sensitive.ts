// Terms of the deny list for headers, cookies and query parameters:
// https://develop.sentry.dev/sdk/foundations/client/data-collection/
const SENSITIVE_TERM =
  /auth|token|secret|password|passwd|pwd|key|jwt|bearer|sso|saml|csrf|xsrf|credentials|session|sid|identity/i;

/** What stands in the place of a value that is not sent. */
export const FILTERED = "[Filtered]";

/** Whether values under this key are withheld: it contains a term of Sentry's deny list, in any case. */
export function isSensitiveKey(key: string): boolean {
  return SENSITIVE_TERM.test(key);
}

/**
 * Withholds the values of sensitive keys in a URL query; keys, order and other values stay as they
 * are. A query without any comes back as the same string. Never throws.
 */
export function filterQuery(query: string): string {
  // A term may hide in percent-encoding (`%74oken`), so only a query without `%` is cleared by this test.
  if (!SENSITIVE_TERM.test(query) && !query.includes("%")) return query;
  return query.split("&").map(filterPair).join("&");
}

function filterPair(pair: string): string {
  const equals = pair.indexOf("=");
  if (equals === -1 || equals === pair.length - 1) return pair;
  const key = pair.slice(0, equals);
  return isSensitiveKey(decoded(key)) ? `${key}=${FILTERED}` : pair;
}

function decoded(key: string): string {
  if (!key.includes("%")) return key;
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
