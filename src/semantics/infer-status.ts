import { statusOfRpc } from "./grpc-status.js";
import { STATUS_BY_GRPC_CODE } from "./span-status.js";
import { httpStatusOf, statusOfHttpCode } from "./http-status.js";
import type { SpanStatus } from "./span-status.js";
import { type AttributeBag, STATUS_CODE } from "../trace/span.js";

export type { SpanStatus } from "./span-status.js";

const ERROR_BY_MESSAGE: ReadonlyMap<string, SpanStatus> = new Map(
  STATUS_BY_GRPC_CODE.filter((status) => status !== "ok").map((status) => [status, status]),
);

/**
 * Sentry's status of a span, from its OTel status and the HTTP and RPC codes among its attributes.
 * An OTel ERROR is never `ok`. Its message decides only when it is one of Sentry's own words; as
 * free text it is not part of the result.
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

// Code that says OK judges its own work, but a 5xx is what the caller got: the server failed. A 4xx
// can be the right answer, so there the OK stands.
function succeeded(attributes: AttributeBag): SpanStatus {
  const code = httpStatusOf(attributes);
  return code !== undefined && code >= 500 && code < 600 ? statusOfHttpCode(code) : "ok";
}

// The first that tells of an error wins: gRPC over HTTP answers 200 with the error in the RPC code.
function statusOfCodes(attributes: AttributeBag): SpanStatus | undefined {
  const code = httpStatusOf(attributes);
  const http = code === undefined ? undefined : statusOfHttpCode(code);
  if (http !== undefined && http !== "ok") return http;
  return statusOfRpc(attributes) ?? http;
}
