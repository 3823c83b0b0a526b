import { textValue } from "./attribute-text.js";
import { type AttributeBag, SPAN_KIND, type SpanView } from "../trace/span.js";

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
