/** Sentry's statuses in the order of the gRPC codes 0 to 16. */
export const STATUS_BY_GRPC_CODE = [
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
export type SpanStatus = (typeof STATUS_BY_GRPC_CODE)[number];

/** The statuses that Relay takes; `unknown` is another name of `unknown_error`. */
export const SPAN_STATUSES: ReadonlySet<unknown> = new Set([...STATUS_BY_GRPC_CODE, "unknown"]);
