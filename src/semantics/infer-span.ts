import { MAX_TEXT_LENGTH, bounded, textValue } from "./attribute-text.js";
import { inferCache } from "./cache-span.js";
import { inferDatabase } from "./db-span.js";
import { inferFramework } from "./framework-span.js";
import { inferGraphql, isGraphqlName } from "./graphql-span.js";
import { requestMethod } from "./http-method.js";
import { inferHttp } from "./http-span.js";
import type { Inference, TransactionSource } from "./inference.js";
import { inferQueueKind } from "./messaging-span.js";
import { inferFamily } from "./span-family.js";
import { type AttributeBag, SPAN_KIND, type SpanView } from "../trace/span.js";

export type { Inference, InferredData } from "./inference.js";

const SOURCES: ReadonlyMap<unknown, TransactionSource> = new Map<unknown, TransactionSource>([
  ["custom", "custom"],
  ["url", "url"],
  ["route", "route"],
  ["view", "view"],
  ["component", "component"],
  ["task", "task"],
]);

/**
 * What Sentry calls a span. Attributes that say it outright win: `sentry.op`, `sentry.source`,
 * `sentry.segment.name.source` and `sentry.custom_span_name`. Accepts values of any type; never throws.
 */
export function inferSpan(span: SpanView): Inference {
  // The OTel SDK passes on whatever an untyped program gave for a name.
  const { name, kind, attributes } = span;
  if (typeof name !== "string") return inferNamed({ name: "", kind, attributes });
  if (name.length > MAX_TEXT_LENGTH) return inferNamed({ name: bounded(name), kind, attributes });
  return inferNamed(span);
}

function inferNamed(span: SpanView): Inference {
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

// HTTP and databases are most of the spans that are known, so they are looked for first.
function inferKnown(span: SpanView, explicitOp: string | undefined): Inference | undefined {
  const method = requestMethod(span.attributes);
  if (method !== undefined) return inferRequest(span, method);
  if (explicitOp?.startsWith("cache.") === true) return inferCache(span);
  return inferDatabase(span) ?? inferFamily(span) ?? inferByName(span);
}

// Frameworks repeat the request's attributes on spans of their own layers.
function inferRequest(span: SpanView, method: string): Inference {
  const layer = span.kind === SPAN_KIND.INTERNAL ? inferFramework(span) : undefined;
  return layer ?? inferHttp(span, method);
}

function inferByName(span: SpanView): Inference | undefined {
  return isGraphqlName(span) ? inferGraphql(span) : inferQueueKind(span);
}

interface Explicit {
  readonly op: string | undefined;
  readonly name: string | undefined;
  readonly source: TransactionSource | undefined;
}

function withExplicit(span: SpanView, found: Inference | undefined, explicit: Explicit): Inference {
  // The source `custom` says that the author of the span chose its name.
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
