import { attempt, isObjectLike, propertyOf } from "../support/foreign.js";
import { captureThrown } from "./capture.js";
import type { CaptureContext } from "./capture.js";
import { clientFor } from "../context/global-client.js";
import type { ErrorClient } from "./error-reports.js";

// tRPC's codes for a 5xx status; all others stand for 4xx (trpc.io/docs/server/error-handling).
const TRPC_SERVER_CODES: ReadonlySet<unknown> = new Set([
  "BAD_GATEWAY",
  "GATEWAY_TIMEOUT",
  "INTERNAL_SERVER_ERROR",
  "NOT_IMPLEMENTED",
  "SERVICE_UNAVAILABLE",
]);

// Codes of Apollo Server and GraphQL Yoga for faults of the client.
const GRAPHQL_CLIENT_CODES: ReadonlySet<unknown> = new Set([
  "BAD_REQUEST",
  "BAD_USER_INPUT",
  "FORBIDDEN",
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "NOT_FOUND",
  "OPERATION_RESOLUTION_FAILURE",
  "PERSISTED_QUERY_NOT_FOUND",
  "PERSISTED_QUERY_NOT_SUPPORTED",
  "UNAUTHENTICATED",
]);

const MECHANISM = { type: "auto.middleware.handler", handled: false };

/**
 * Reports an error from the error handler of a framework whose instrumentation records no exceptions (Hono, tRPC,
 * GraphQL Yoga), as unhandled. An error that a span recorded or that was captured before in the trace is not reported
 * again. Errors that lead to a 3xx or 4xx response (by `status`, `statusCode`, tRPC and GraphQL codes) are ignored.
 * Returns the id of the event, or undefined if nothing is reported. Never throws.
 */
export function captureHandlerError(
  error: unknown,
  captureContext?: CaptureContext,
): string | undefined {
  const client = clientFor<ErrorClient>("captureHandlerError", "errors");
  if (client === undefined) return undefined;
  if (answersClientError(error)) return undefined;
  return captureThrown(client.errors, originalOf(error), {
    captureContext,
    mechanism: MECHANISM,
    caller: captureHandlerError,
  });
}

// Names of errors that servers wrap around the error of a resolver or procedure. Spans and other handlers have seen the
// inner error.
const WRAPPED: ReadonlyMap<unknown, string> = new Map([
  ["GraphQLError", "originalError"],
  ["TRPCError", "cause"],
]);

function originalOf(error: unknown): unknown {
  const key = WRAPPED.get(propertyOf(error, "name"));
  const original = key === undefined ? undefined : propertyOf(error, key);
  return isObjectLike(original) ? original : error;
}

function answersClientError(error: unknown): boolean {
  if (!isObjectLike(error)) return false;
  const status = statusOf(error);
  if (status !== undefined) return status >= 300 && status < 500;
  const name = propertyOf(error, "name");
  if (name === "TRPCError") return !TRPC_SERVER_CODES.has(propertyOf(error, "code"));
  return name === "GraphQLError" && isGraphqlClientError(error);
}

function isGraphqlClientError(error: object): boolean {
  const original = propertyOf(error, "originalError");
  // The error that a resolver threw may have a status.
  const status = isObjectLike(original) ? statusOf(original) : undefined;
  if (status !== undefined) return status >= 300 && status < 500;
  return GRAPHQL_CLIENT_CODES.has(propertyOf(propertyOf(error, "extensions"), "code"));
}

// Numbers below 100 are not HTTP statuses: errors of child processes have their exit code in `status`.
function statusOf(error: object): number | undefined {
  const http = propertyOf(propertyOf(error, "extensions"), "http");
  const candidates = [
    propertyOf(error, "status"),
    propertyOf(error, "statusCode"),
    propertyOf(error, "status_code"),
    propertyOf(propertyOf(error, "output"), "statusCode"),
    propertyOf(http, "status"),
  ];
  return candidates
    .map((value) => attempt(() => (typeof value === "string" ? Number(value) : value), undefined))
    .find((value): value is number => typeof value === "number" && value >= 100 && value < 600);
}
