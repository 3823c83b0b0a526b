import type { SpanStatus } from "./span-status.js";
import type { AttributeBag } from "../trace/span.js";

const NAMED: ReadonlyMap<number, SpanStatus> = new Map([
  [401, "unauthenticated"],
  [403, "permission_denied"],
  [404, "not_found"],
  [409, "already_exists"],
  [413, "failed_precondition"],
  [429, "resource_exhausted"],
  [499, "cancelled"],
  [501, "unimplemented"],
  [503, "unavailable"],
  [504, "deadline_exceeded"],
]);

/** Sentry's status for an HTTP status code; `internal_error` for a number that is no such code. */
export function statusOfHttpCode(code: number): SpanStatus {
  if (code >= 100 && code < 400) return "ok";
  const named = NAMED.get(code);
  if (named !== undefined) return named;
  return code >= 400 && code < 500 ? "invalid_argument" : "internal_error";
}

/** A status code that is a whole number or its decimal text; undefined for anything else. */
export function statusNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isInteger(value) ? value : undefined;
  return typeof value === "string" && /^\d{1,3}$/.test(value) ? Number(value) : undefined;
}

/** The HTTP status code of a span, by the current or the old convention; undefined where it has none. */
export function httpStatusOf(attributes: AttributeBag): number | undefined {
  return (
    statusNumber(attributes["http.response.status_code"]) ??
    statusNumber(attributes["http.status_code"])
  );
}
