import type { Planted } from "./planted.js";

/** Request headers that are almost all secret or personal. */
export function secretHeaders(planted: Planted): Record<string, string> {
  return {
    authorization: `Bearer ${planted.secret("authorization")}`,
    "x-api-key": planted.secret("x-api-key"),
    cookie: `theme=dark; connect.sid=${planted.secret("cookie")}; csrf=${planted.secret("csrf cookie")}`,
    "x-forwarded-for": planted.secret("x-forwarded-for"),
    "x-request-id": "request-7",
    referer: `http://me:${planted.secret("referer login")}@h/?token=${planted.secret("referer query")}`,
  };
}

/** A path with secrets in its query. */
export function secretPath(planted: Planted): string {
  const next = encodeURIComponent(`/cb?access_token=${planted.secret("query in a query")}`);
  return `/orders?page=2&api_key=${planted.secret("query")}&%70assword=${planted.secret("escaped query")}&next=${next}`;
}
