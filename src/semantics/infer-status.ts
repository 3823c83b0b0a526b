import { STATUS_CODE } from "../trace/span.js";
import type { AttributeBag } from "../trace/span.js";

/** Sentry's span statuses, in the order of the gRPC codes 0 to 16. */
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

/** A status of a span (protocol: span status). */
export type SpanStatus = (typeof STATUS_BY_GRPC_CODE)[number];

/** The statuses that Relay accepts; `unknown` is an alias of `unknown_error`. */
export const SPAN_STATUSES: ReadonlySet<unknown> = new Set([...STATUS_BY_GRPC_CODE, "unknown"]);

const ERROR_BY_MESSAGE: ReadonlyMap<string, SpanStatus> = new Map(
  STATUS_BY_GRPC_CODE.filter((status) => status !== "ok").map((status) => [status, status]),
);

/**
 * Infers Sentry's status of a span from its OTel status and the HTTP and RPC codes in its attributes. An OTel ERROR never
 * becomes `ok`. The status message is used only if it is the name of a Sentry status.
 */
export function inferStatus(
  code: number,
  message: string | undefined,
  attributes: AttributeBag,
): SpanStatus {
  if (code === STATUS_CODE.ERROR) return failed(message, attributes);
  if (code === STATUS_CODE.OK) return succeeded(attributes);
  return statusOfCodes(attributes) ?? "ok";
}

function failed(message: string | undefined, attributes: AttributeBag): SpanStatus {
  const named = message === undefined ? undefined : ERROR_BY_MESSAGE.get(message);
  if (named !== undefined) return named;
  const status = statusOfCodes(attributes);
  return status === undefined || status === "ok" ? "internal_error" : status;
}

// An explicit OK is the application's own decision. A 4xx may be the intended answer, so the OK stands; but a 5xx tells
// the caller that the server failed.
function succeeded(attributes: AttributeBag): SpanStatus {
  const code = httpStatusOf(attributes);
  return code !== undefined && code >= 500 && code < 600 ? statusOfHttpCode(code) : "ok";
}

// An error code takes precedence: gRPC over HTTP answers 200 with the error in the RPC code.
function statusOfCodes(attributes: AttributeBag): SpanStatus | undefined {
  const code = httpStatusOf(attributes);
  const http = code === undefined ? undefined : statusOfHttpCode(code);
  if (http !== undefined && http !== "ok") return http;
  return statusOfRpc(attributes) ?? http;
}

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

/** Returns Sentry's status for an HTTP status code; `internal_error` for an invalid code. */
function statusOfHttpCode(code: number): SpanStatus {
  if (code >= 100 && code < 400) return "ok";
  const named = NAMED.get(code);
  if (named !== undefined) return named;
  return code >= 400 && code < 500 ? "invalid_argument" : "internal_error";
}

/** Returns a status code given as an integer or as its decimal digits; undefined for other values. */
export function parseStatusCode(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isInteger(value) ? value : undefined;
  return typeof value === "string" && /^\d{1,3}$/.test(value) ? Number(value) : undefined;
}

/** Returns the HTTP status code of a span, by the current or the old semantic conventions; undefined if it has none. */
export function httpStatusOf(attributes: AttributeBag): number | undefined {
  return (
    parseStatusCode(attributes["http.response.status_code"]) ??
    parseStatusCode(attributes["http.status_code"])
  );
}

// gRPC uses CANCELLED, INTERNAL and UNKNOWN; Connect uses `canceled`.
const BY_NAME: ReadonlyMap<string, SpanStatus> = new Map<string, SpanStatus>([
  ...STATUS_BY_GRPC_CODE.map((status) => [status, status] as const),
  ["canceled", "cancelled"],
  ["unknown", "unknown_error"],
  ["internal", "internal_error"],
]);

/**
 * Returns Sentry's status for a gRPC code, given as a number, as digits or as a name in any case: `unknown_error` for an
 * invalid number, undefined for an unknown name.
 */
function statusOfGrpcCode(code: unknown): SpanStatus | undefined {
  if (typeof code === "number") return STATUS_BY_GRPC_CODE[code] ?? "unknown_error";
  if (typeof code !== "string") return undefined;
  if (/^-?\d+$/.test(code)) return STATUS_BY_GRPC_CODE[Number(code)] ?? "unknown_error";
  return BY_NAME.get(code.toLowerCase());
}

/** Returns Sentry's status for the code of an RPC span, by the current or the old conventions of gRPC and Connect. */
export function statusOfRpc(attributes: AttributeBag): SpanStatus | undefined {
  return (
    statusOfGrpcCode(attributes["rpc.response.status_code"]) ??
    statusOfGrpcCode(attributes["rpc.grpc.status_code"]) ??
    statusOfGrpcCode(attributes["rpc.connect_rpc.error_code"])
  );
}
