import { SPAN_KIND, isAttributeBag } from "../trace/span.js";
import type { AttributeBag, SpanDescription } from "../trace/span.js";
import { inferCache, inferDatabase, inferQuery, varyingStatement } from "./db.js";
import { inferFaas, inferFunction, inferMessaging, inferQueueKind, inferRpc } from "./families.js";
import { LAYER_KEYS, inferFramework } from "./framework.js";
import { inferGenAi, inferMcp, inferVercelAi } from "./gen-ai.js";
import { inferGraphql, isGraphqlName } from "./graphql.js";
import { inferHttp, requestMethod, varyingUrl } from "./http.js";
import { MAX_TEXT_LENGTH, boundedText, textValue } from "./inference.js";
import type { Inference, TransactionSource, VaryingText } from "./inference.js";

const SOURCES: ReadonlyMap<unknown, TransactionSource> = new Map<unknown, TransactionSource>([
  ["custom", "custom"],
  ["url", "url"],
  ["route", "route"],
  ["view", "view"],
  ["component", "component"],
  ["task", "task"],
]);

/**
 * Infers Sentry's op, description and source of a span from its OTel name, kind and attributes. Explicit attributes take
 * precedence: `sentry.op`, `sentry.source`, `sentry.segment.name.source` and `sentry.custom_span_name`. Accepts values of any
 * type; never throws.
 */
export function inferSpan(span: SpanDescription): Inference {
  // The OTel SDK accepts names of any type.
  const { name, kind, attributes } = span;
  if (typeof name !== "string") return inferNamed({ name: "", kind, attributes });
  if (name.length > MAX_TEXT_LENGTH)
    return inferNamed({ name: boundedText(name), kind, attributes });
  return inferNamed(span);
}

/**
 * Returns the attribute from whose value alone the naming of a span differs from that of other spans of its call site;
 * undefined if there is none, or if explicit attributes name the span.
 */
export function varyingText(span: SpanDescription): VaryingText | undefined {
  const { attributes } = span;
  const isExplicit =
    attributes["sentry.op"] !== undefined ||
    attributes["sentry.custom_span_name"] !== undefined ||
    explicitSource(attributes) !== undefined;
  if (isExplicit) return undefined;
  const method = requestMethod(attributes);
  return method === undefined ? varyingStatement(span) : varyingUrl(span, method);
}

function inferNamed(span: SpanDescription): Inference {
  const { attributes } = span;
  const op = textValue(attributes["sentry.op"]);
  const name = textValue(attributes["sentry.custom_span_name"]);
  const source = explicitSource(attributes);
  const found = inferKnown(span, op);
  if (op === undefined && name === undefined && source === undefined) {
    return found ?? { op: undefined, description: span.name, source: "custom", data: undefined };
  }
  return withExplicit(span, found, { op, name, source });
}

// HTTP and database spans come first, because they are the most frequent.
function inferKnown(span: SpanDescription, explicitOp: string | undefined): Inference | undefined {
  const method = requestMethod(span.attributes);
  if (method !== undefined) return inferRequest(span, method);
  if (explicitOp?.startsWith("cache.") === true) return inferCache(span);
  return inferDatabase(span) ?? inferFamily(span) ?? inferByName(span);
}

// Frameworks repeat the request's attributes on spans of their own layers.
function inferRequest(span: SpanDescription, method: string): Inference {
  const layer = span.kind === SPAN_KIND.INTERNAL ? inferFramework(span) : undefined;
  return layer ?? inferHttp(span, method);
}

function inferByName(span: SpanDescription): Inference | undefined {
  return isGraphqlName(span) ? inferGraphql(span) : inferQueueKind(span);
}

interface Explicit {
  readonly op: string | undefined;
  readonly name: string | undefined;
  readonly source: TransactionSource | undefined;
}

function withExplicit(
  span: SpanDescription,
  found: Inference | undefined,
  explicit: Explicit,
): Inference {
  // The source `custom` means that the application itself chose the name.
  const inferredName = explicit.source === "custom" ? undefined : found?.description;
  const inferredSource = explicit.name === undefined ? found?.source : undefined;
  return {
    op: explicit.op ?? found?.op,
    description: explicit.name ?? inferredName ?? span.name,
    source: explicit.source ?? inferredSource ?? "custom",
    data: found?.data,
  };
}

function explicitSource(attributes: AttributeBag): TransactionSource | undefined {
  return (
    SOURCES.get(attributes["sentry.source"]) ??
    SOURCES.get(attributes["sentry.segment.name.source"])
  );
}

interface Family {
  /** Attribute names: a span that has one of them may belong to this family. */
  readonly markers: readonly string[];
  /** Infers the naming; returns undefined if the values of the markers are not as expected. */
  readonly infer: (span: SpanDescription) => Inference | undefined;
}

// The first match wins, so the most specific families come first. MCP before gen_ai: tool calls of a server have
// attributes of both. The Vercel AI SDK before gen_ai, because it sets some gen_ai attributes. gen_ai and messaging
// before rpc: when a cloud SDK calls a model or a queue, the span has both. Messaging before faas: a function that a
// queue triggers is shown as queue work.
const FAMILIES: readonly Family[] = [
  { markers: ["cache.operation", "cache.hit", "cache.key"], infer: inferCache },
  { markers: ["db.query.text", "db.statement"], infer: inferQuery },
  { markers: ["mcp.method.name"], infer: inferMcp },
  { markers: ["ai.operationId"], infer: inferVercelAi },
  { markers: ["gen_ai.operation.name"], infer: inferGenAi },
  { markers: ["messaging.system"], infer: inferMessaging },
  { markers: ["rpc.system", "rpc.system.name", "rpc.service"], infer: inferRpc },
  {
    markers: [
      "graphql.operation.type",
      "graphql.operation.name",
      "graphql.source",
      "graphql.field.name",
      "graphql.field.path",
      "graphql.execute.operationName",
      "graphql.execute.operationType",
    ],
    infer: inferGraphql,
  },
  {
    markers: [
      "faas.trigger",
      "faas.name",
      "faas.invocation_id",
      "faas.execution",
      "faas.coldstart",
      "faas.cron",
      "faas.time",
    ],
    infer: inferFaas,
  },
  { markers: LAYER_KEYS, infer: inferFramework },
  { markers: ["code.function.name", "code.function"], infer: inferFunction },
];

const BIT_BY_MARKER: ReadonlyMap<string, number> = new Map(
  FAMILIES.flatMap(({ markers }, index) => markers.map((marker) => [marker, 1 << index])),
);

/** Names a span by the first family whose attributes it has; undefined if there is none. */
function inferFamily(span: SpanDescription): Inference | undefined {
  let bits = markedFamilies(span.attributes);
  while (bits !== 0) {
    // The lowest set bit is the first family.
    const found = FAMILIES[31 - Math.clz32(bits & -bits)]?.infer(span);
    if (found !== undefined) return found;
    bits &= bits - 1;
  }
  return undefined;
}

// Iterating over the few attributes of a span is cheaper than looking up each of the markers.
function markedFamilies(attributes: AttributeBag): number {
  let bits = 0;
  if (!isAttributeBag(attributes)) return bits;
  for (const key in attributes) bits |= BIT_BY_MARKER.get(key) ?? 0;
  return bits;
}
