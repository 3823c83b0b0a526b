import { clip, cut, jsonField, jsonString } from "../support/text.js";
import { textValue, boundedText } from "../semantics/inference.js";
import type { Inference } from "../semantics/inference.js";
import { SPAN_KIND, STATUS_CODE, isOtelSpanId, validSpanId, validTraceId } from "../trace/span.js";
import type { AttributeBag, FinishedSpan } from "../trace/span.js";
import { statusDescription } from "./encode-details.js";
import { jsonValue, LastText } from "./json-values.js";

/** The fields of a span from which its naming, status and origin are inferred. */
export type InferredSpan = Pick<
  FinishedSpan,
  "attributes" | "instrumentationScope" | "kind" | "name" | "status"
>;

/** Maximum length of an op, in characters. */
export const MAX_OP_LENGTH = 128;

/** Maximum length of names in diagnostics and in the data about an instrumentation scope, in characters. */
export const MAX_SPAN_NAME_LENGTH = 200;

const KIND_NAMES = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

/** Caches the JSON of the last trace id and parent id, which siblings have in common. */
export type IdTexts = LastText<string, string | undefined>;

/** Creates the cache of one segment. It is per segment, because spans of concurrent segments end alternately. */
export function createIdTexts(): IdTexts {
  return new LastText(idFields);
}

/** Returns the beginning of a span's object: the brace, and its ids; `ids` is the result of `idFields`. */
export function beginWithIdentity(spanId: string, ids: string): string {
  return `{"span_id":"${validSpanId(spanId)}${ids}`;
}

/** Returns the end of the property `span_id`, and the ids of the trace and the parent. */
export function idFields(traceId: string, parentSpanId: string | undefined): string {
  const parent = isOtelSpanId(parentSpanId)
    ? `,"parent_span_id":"${validSpanId(parentSpanId)}"`
    : "";
  return `","trace_id":"${validTraceId(traceId)}"${parent}`;
}

/** Returns op, origin and status, each with a leading comma, and the beginning of `data`. */
export function kindFields(op: string | undefined, origin: string, status: string): string {
  const field = op === undefined ? "" : `,"op":${jsonString(clip(op, MAX_OP_LENGTH))}`;
  return `${field},"origin":${jsonString(cut(origin, MAX_OP_LENGTH))},"status":"${status}","data":{`;
}

/**
 * Returns scope and kind as the first properties of `data`. OTel's mapping to non-OTLP formats represents scope, status
 * message and dropped counts as attributes.
 */
export function scopeFields(scope: FinishedSpan["instrumentationScope"], kind: number): string {
  const kindField =
    kind === SPAN_KIND.INTERNAL ? "" : `,"otel.kind":"${KIND_NAMES[kind] ?? "INTERNAL"}"`;
  const version = scope.version
    ? jsonField("otel.scope.version", clip(scope.version, MAX_SPAN_NAME_LENGTH))
    : "";
  return `"otel.scope.name":${jsonString(clip(scope.name, MAX_SPAN_NAME_LENGTH))}${version}${kindField}`;
}

/** Returns inferred data as properties with leading commas. It never replaces the span's own attributes. */
export function inferredFields(attributes: AttributeBag, data: Inference["data"]): string {
  let text = "";
  for (const key in data) {
    if (attributes[key] === undefined) text += `,${jsonString(key)}:${jsonValue(data[key])}`;
  }
  return text;
}

/** Returns plain data (`Inference.isPlain`), which needs no escaping and overlaps with no attribute, as such properties. */
export function plainFields(data: Inference["data"]): string {
  let text = "";
  for (const key in data) {
    const value = data[key];
    text += typeof value === "string" ? `,"${key}":"${value}"` : `,"${key}":${value}`;
  }
  return text;
}

/** Returns the name to send: the attribute `sentry.name`, or the span's own. OTel's SDK accepts names of any type. */
export function sentName({ name, attributes }: Pick<InferredSpan, "attributes" | "name">): string {
  return (
    textValue(attributes["sentry.name"]) ?? (typeof name === "string" ? boundedText(name) : "")
  );
}

/** Returns the status message and dropped counts as properties with leading commas; "" for most spans. */
export function otelFields(span: FinishedSpan): string {
  const { status } = span;
  const message =
    status.code === STATUS_CODE.ERROR
      ? jsonField("otel.status_description", statusDescription(status.message))
      : "";
  const {
    droppedAttributesCount: attributes,
    droppedEventsCount: events,
    droppedLinksCount: links,
  } = span;
  if (attributes === 0 && events === 0 && links === 0) return message;
  return `${message}${countField("otel.dropped_attributes_count", attributes)}${countField("otel.dropped_events_count", events)}${countField("otel.dropped_links_count", links)}`;
}

function countField(key: string, count: number): string {
  return count > 0 && Number.isFinite(count) ? `,"${key}":${count}` : "";
}
