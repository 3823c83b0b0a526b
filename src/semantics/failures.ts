import { SPAN_KIND, STATUS_CODE, type AttributeBag, type SpanView } from "../trace/span.js";
import { httpStatusOf, statusOfRpc } from "./infer-status.js";
import type { SpanStatus } from "./infer-status.js";
import { textValue } from "./inference.js";

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

interface Family {
  readonly name: "ai-tool" | "graphql";
  readonly matches: (span: SpanView) => boolean;
}

/**
 * Frameworks that turn a failure of the application's code into part of their answer, and carry on: the root
 * never learns of it. A new family needs its line here, and one in `docs/errors.md`.
 */
const FAMILIES: readonly Family[] = [
  { name: "graphql", matches: isGraphqlExecution },
  { name: "ai-tool", matches: isToolCall },
];

/** Tells whether exceptions on the span belong to code whose failures its framework swallows by design. */
export function containsFailures(span: SpanView): boolean {
  return FAMILIES.some(({ matches }) => matches(span));
}

const GRAPHQL_KEYS: readonly string[] = [
  "graphql.field.name",
  "graphql.field.path",
  "graphql.operation.name",
  "graphql.operation.type",
  // @envelop/opentelemetry
  "graphql.execute.operationName",
  "graphql.resolver.fieldName",
];
const GRAPHQL_NAMES: readonly string[] = [
  "graphql.execute",
  "graphql.resolve",
  "graphql.subscribe",
];
// What fails here is the client's query, which the server refuses.
const GRAPHQL_CHECKS: readonly string[] = ["graphql.parse", "graphql.validate"];

// A resolver or an operation in the server. A client's operation is a call, and an HTTP span that carries the
// operation's name is the request around it.
function isGraphqlExecution({ kind, name, attributes }: SpanView): boolean {
  if (kind !== SPAN_KIND.INTERNAL && kind !== SPAN_KIND.SERVER) return false;
  if (beginsWithAny(name, GRAPHQL_CHECKS) || isHttp(attributes)) return false;
  return (
    beginsWithAny(name, GRAPHQL_NAMES) || GRAPHQL_KEYS.some((key) => attributes[key] !== undefined)
  );
}

// The model is told that its tool failed. A CLIENT span, such as that of an MCP client, is one, too.
function isToolCall({ name, attributes }: SpanView): boolean {
  return (
    attributes["gen_ai.operation.name"] === "execute_tool" ||
    attributes["mcp.method.name"] === "tools/call" ||
    attributes["ai.operationId"] === "ai.toolCall" ||
    name === "ai.toolCall" ||
    // OpenInference and OpenLLMetry
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
