const STATUSES = [
  "ok",
  "cancelled",
  "unknown_error",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal_error",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const;

/** The statuses of a span that Sentry knows (protocol: span status). */
export type SpanStatus = (typeof STATUSES)[number];

/** The statuses that Relay takes; `unknown` is another name of `unknown_error`. */
export const SPAN_STATUSES: ReadonlySet<unknown> = new Set([...STATUSES, "unknown"]);
