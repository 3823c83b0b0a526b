import { statusOfRpc } from "./grpc-status.js";
import { httpStatusOf } from "./http-status.js";
import type { SpanStatus } from "./span-status.js";
import { type AttributeBag, SPAN_KIND, STATUS_CODE } from "../trace/span.js";

/** The part of a span that tells whether its work failed; the OTel SDKs' spans fit. */
export interface EndedWork {
  readonly kind: number;
  readonly status: { readonly code: number };
  readonly attributes: AttributeBag;
}

// By OpenTelemetry's conventions for gRPC servers, which leave the status of the first group unset. UNKNOWN
// stands for a number that is no gRPC code (JSON-RPC), too: there the span's status decides.
const GRPC_REFUSALS: ReadonlySet<SpanStatus | undefined> = new Set<SpanStatus>([
  "aborted",
  "already_exists",
  "cancelled",
  "failed_precondition",
  "invalid_argument",
  "not_found",
  "out_of_range",
  "permission_denied",
  "resource_exhausted",
  "unauthenticated",
]);
const GRPC_FAULTS: ReadonlySet<SpanStatus | undefined> = new Set<SpanStatus>([
  "data_loss",
  "deadline_exceeded",
  "internal_error",
  "unavailable",
  "unimplemented",
]);

/**
 * Tells whether a local root failed. The answer of a SERVER span decides where it is known: a 4xx or a gRPC
 * code that blames the client is no failure, a 5xx or a gRPC code that blames the server is one. Everything
 * else is decided by the status: only ERROR is a failure.
 */
export function hasFailed(root: EndedWork): boolean {
  const answer = root.kind === SPAN_KIND.SERVER ? answerOf(root.attributes) : undefined;
  return answer === undefined ? root.status.code === STATUS_CODE.ERROR : answer === "fault";
}

/**
 * Tells whether a span inside of a segment keeps failures below it from its parent: it ended with OK, or it is
 * a SERVER span that refused its request.
 */
export function stopsFailures({ kind, status, attributes }: EndedWork): boolean {
  if (status.code === STATUS_CODE.OK) return true;
  return kind === SPAN_KIND.SERVER && answerOf(attributes) === "refusal";
}

/** Tells whether a failure of the span is its caller's business: the span is a call, not the work itself. */
export function isCall(kind: number): boolean {
  return kind === SPAN_KIND.CLIENT || kind === SPAN_KIND.PRODUCER;
}

function answerOf(attributes: AttributeBag): "fault" | "refusal" | undefined {
  const http = httpStatusOf(attributes) ?? 0;
  if (http >= 400 && http < 500) return "refusal";
  if (http >= 500 && http < 600) return "fault";
  const rpc = statusOfRpc(attributes);
  if (GRPC_REFUSALS.has(rpc)) return "refusal";
  return GRPC_FAULTS.has(rpc) ? "fault" : undefined;
}
