import { SPAN_KIND, STATUS_CODE, type AttributeBag, type SpanDescription } from "../trace/span.js";
import { httpStatusOf, statusOfRpc } from "./infer-status.js";
import type { SpanStatus } from "./infer-status.js";
import { textValue } from "./inference.js";

/** The fields of an ended span that tell whether its work failed. OTel's `ReadableSpan` fits. */
export interface EndedWork {
  readonly kind: number;
  readonly status: { readonly code: number };
  readonly attributes: AttributeBag;
}

// The codes of refused requests and of server failures, as OpenTelemetry's conventions for gRPC servers divide them;
// the conventions leave the span status of a refused request unset. UNKNOWN is in neither group, because it also stands
// for codes of other protocols (JSON-RPC); for UNKNOWN the span status decides.
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
 * Tells whether a local root failed. For a SERVER span, the response decides if it is known: a 4xx or a gRPC code for a
 * client's fault is no failure, a 5xx or a gRPC code for a server's fault is one. Otherwise the span status decides: only
 * ERROR is a failure.
 */
export function hasFailed(root: EndedWork): boolean {
  const answer = root.kind === SPAN_KIND.SERVER ? answerOf(root.attributes) : undefined;
  return answer === undefined ? root.status.code === STATUS_CODE.ERROR : answer === "fault";
}

/**
 * Tells whether a span inside of a segment handled the failures of its descendants: its status is OK, or it is a SERVER
 * span that rejected its request.
 */
export function stopsFailures({ kind, status, attributes }: EndedWork): boolean {
  if (status.code === STATUS_CODE.OK) return true;
  return kind === SPAN_KIND.SERVER && answerOf(attributes) === "refusal";
}

/**
 * Tells whether a span is a call to another service or a queue. Its failures are reported only if the caller did not
 * handle them.
 */
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

interface Family {
  readonly name: "ai-tool" | "graphql";
  readonly matches: (span: SpanDescription) => boolean;
}

/**
 * Frameworks that turn an error of the application into a part of their response, so that the root span does not fail.
 * Every framework in this table must also be listed in `docs/errors.md`.
 */
const FAMILIES: readonly Family[] = [
  { name: "graphql", matches: isGraphqlExecution },
  { name: "ai-tool", matches: isToolCall },
];

/** Tells whether exceptions on a span are application errors that the framework catches by design. */
export function containsFailures(span: SpanDescription): boolean {
  return FAMILIES.some(({ matches }) => matches(span));
}

const GRAPHQL_KEYS: readonly string[] = [
  "graphql.field.name",
  "graphql.field.path",
  "graphql.operation.name",
  "graphql.operation.type",
  // Set by @envelop/opentelemetry.
  "graphql.execute.operationName",
  "graphql.resolver.fieldName",
];
const GRAPHQL_NAMES: readonly string[] = [
  "graphql.execute",
  "graphql.resolve",
  "graphql.subscribe",
];
// Prefixes of spans whose errors are faults in the client's query, not in the server.
const GRAPHQL_CHECKS: readonly string[] = ["graphql.parse", "graphql.validate"];

// True for resolvers and operations in a server. A client's operation is a call, and an HTTP span that names an
// operation is the request that contains it.
function isGraphqlExecution({ kind, name, attributes }: SpanDescription): boolean {
  if (kind !== SPAN_KIND.INTERNAL && kind !== SPAN_KIND.SERVER) return false;
  if (beginsWithAny(name, GRAPHQL_CHECKS) || isHttp(attributes)) return false;
  return (
    beginsWithAny(name, GRAPHQL_NAMES) || GRAPHQL_KEYS.some((key) => attributes[key] !== undefined)
  );
}

// True for the call of a tool, whose error is returned to the model. Includes CLIENT spans, such as those of an MCP
// client.
function isToolCall({ name, attributes }: SpanDescription): boolean {
  return (
    attributes["gen_ai.operation.name"] === "execute_tool" ||
    attributes["mcp.method.name"] === "tools/call" ||
    attributes["ai.operationId"] === "ai.toolCall" ||
    name === "ai.toolCall" ||
    // Set by OpenInference and OpenLLMetry.
    attributes["openinference.span.kind"] === "TOOL" ||
    attributes["traceloop.span.kind"] === "tool"
  );
}

function beginsWithAny(name: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => name.startsWith(beginning));
}

function isHttp(attributes: AttributeBag): boolean {
  return (
    (textValue(attributes["http.request.method"]) ?? textValue(attributes["http.method"])) !==
    undefined
  );
}
