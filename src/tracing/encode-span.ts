import { inferOrigin } from "../semantics/infer-origin.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { Inference } from "../semantics/infer-span.js";
import { inferStatus } from "../semantics/infer-status.js";
import { SPAN_KIND, STATUS_CODE } from "../semantics/span-view.js";
import { jsonMembers, jsonReadableMembers } from "./encode-attributes.js";
import type { EncodedMembers } from "./encode-attributes.js";
import { jsonLinks, jsonMeasurements } from "./encode-details.js";
import type { FinishedSpan } from "./finished-span.js";
import { validSpanId, validTraceId } from "./ids.js";
import { jsonKey, jsonMember, jsonString } from "./json-text.js";
import { jsonValue } from "./encode-value.js";
import { secondsText, validTimes } from "./timestamps.js";

/** What the encoding tells about spans that it had to mend. */
export interface EncodingSettings {
  readonly now: () => number;
  /** Called with a kind of trouble and a sentence about it. */
  readonly onMended: (kind: string, message: string, cause?: unknown) => void;
}

/** The local root of a segment, encoded as what a transaction needs of it. */
export interface EncodedHead {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly source: string;
  readonly op: string | undefined;
  /** Members of `contexts.trace`, without braces. */
  readonly traceContext: string;
  readonly startSeconds: string;
  readonly endSeconds: string;
  readonly measurements: string;
  readonly responseStatusCode: number | undefined;
}

const KIND_NAMES = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const MAX_OP_LENGTH = 128;
const MAX_NAME_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 8192;

/** A finished child span as an entry of a transaction's `spans` (protocol: span payload). */
export function encodeSpan(
  span: FinishedSpan,
  parentSpanId: string | undefined,
  settings: EncodingSettings,
): string {
  const times = timesOf(span, settings);
  const inferred = inferSpan(span);
  const description = clip(inferred.description, MAX_DESCRIPTION_LENGTH);
  const measurements = span.events.length === 0 ? "" : jsonMeasurements(span.events);
  return `{${commonMembers(span, parentSpanId, { inferred, extra: "", settings })},"description":${jsonString(description)},"start_timestamp":${secondsText(times.start)},"timestamp":${secondsText(times.end)}${measurements}}`;
}

/** A finished local root as the head of its transaction (protocol: `contexts.trace`). */
export function encodeHead(
  span: FinishedSpan,
  settings: EncodingSettings,
  sampleRate: number | undefined,
): EncodedHead {
  const identity = span.spanContext();
  const times = timesOf(span, settings);
  const inferred = inferSpan(span);
  const rate = sampleRate === undefined ? "" : `,"sentry.sample_rate":${sampleRate}`;
  const extra = `,"sentry.source":"${inferred.source}"${rate}${jsonMember("sentry.op", inferred.op)}`;
  const parentSpanId = span.parentSpanContext?.spanId;
  return {
    traceId: validTraceId(identity.traceId),
    spanId: validSpanId(identity.spanId),
    name: clip(inferred.description.trim(), MAX_NAME_LENGTH) || "<unlabeled transaction>",
    source: inferred.source,
    op: inferred.op,
    traceContext: commonMembers(span, parentSpanId, { inferred, extra, settings }),
    startSeconds: secondsText(times.start),
    endSeconds: secondsText(times.end),
    measurements: span.events.length === 0 ? "" : jsonMeasurements(span.events),
    responseStatusCode: responseStatusOf(span),
  };
}

interface MemberOptions {
  readonly inferred: Inference;
  readonly extra: string;
  readonly settings: EncodingSettings;
}

// What `contexts.trace` and an entry of `spans` have in common.
function commonMembers(
  span: FinishedSpan,
  parentSpanId: string | undefined,
  options: MemberOptions,
): string {
  const { inferred } = options;
  const identity = span.spanContext();
  const parent = parentSpanId ? `,"parent_span_id":"${validSpanId(parentSpanId)}"` : "";
  const op = inferred.op === undefined ? "" : `,"op":${jsonString(clip(inferred.op, MAX_OP_LENGTH))}`;
  const status = inferStatus(span.status.code, span.status.message, span.attributes);
  const links = span.links.length === 0 ? "" : jsonLinks(span.links);
  return `"span_id":"${validSpanId(identity.spanId)}","trace_id":"${validTraceId(identity.traceId)}"${parent}${op},"origin":${jsonString(originOf(span, inferred.op))},"status":"${status}","data":{${dataMembers(span, options)}}${links}`;
}

function dataMembers(span: FinishedSpan, options: MemberOptions): string {
  const attributes = attributeMembers(span, options.settings);
  const text = `${attributes}${inferredMembers(span, options.inferred)}${spanMembers(span)}${options.extra}`;
  return text.slice(1);
}

function attributeMembers(span: FinishedSpan, settings: EncodingSettings): string {
  const encoded = readMembers(span, settings);
  if (encoded.clipped) {
    settings.onMended("span:attributes", `attributes of span "${span.name}" were too large or unreadable; they were cut`);
  }
  return encoded.text;
}

function readMembers(span: FinishedSpan, settings: EncodingSettings): EncodedMembers {
  try {
    return jsonMembers(span.attributes);
  } catch (error) {
    settings.onMended("span:getter", "an attribute threw while it was read", error);
    return jsonReadableMembers(span.attributes);
  }
}

// Inferred values never replace what the span says itself.
function inferredMembers(span: FinishedSpan, inferred: Inference): string {
  if (inferred.data === undefined) return "";
  let text = "";
  for (const key in inferred.data) {
    if (span.attributes[key] === undefined) text += `,${jsonKey(key)}${jsonValue(inferred.data[key])}`;
  }
  return text;
}

// OTel's rules for non-OTLP formats: scope, status message and dropped counts stay visible.
function spanMembers(span: FinishedSpan): string {
  const { instrumentationScope: scope, status } = span;
  const kind = span.kind === SPAN_KIND.INTERNAL ? "" : `,"otel.kind":"${KIND_NAMES[span.kind] ?? "INTERNAL"}"`;
  const version = jsonMember("otel.scope.version", scope.version || undefined);
  const message = status.code === STATUS_CODE.ERROR ? status.message || undefined : undefined;
  return `${kind}${jsonMember("otel.scope.name", scope.name || undefined)}${version}${jsonMember("otel.status_description", message)}${droppedMembers(span)}`;
}

function droppedMembers(span: FinishedSpan): string {
  return (
    countMember("otel.dropped_attributes_count", span.droppedAttributesCount) +
    countMember("otel.dropped_events_count", span.droppedEventsCount) +
    countMember("otel.dropped_links_count", span.droppedLinksCount)
  );
}

function countMember(key: string, count: number): string {
  return count > 0 ? `,"${key}":${count}` : "";
}

function originOf(span: FinishedSpan, op: string | undefined): string {
  const explicit = span.attributes["sentry.origin"];
  return typeof explicit === "string" ? explicit : inferOrigin(span.instrumentationScope.name, op);
}

function responseStatusOf(span: FinishedSpan): number | undefined {
  const value = span.attributes["http.response.status_code"] ?? span.attributes["http.status_code"];
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

function timesOf(span: FinishedSpan, settings: EncodingSettings): { start: number; end: number } {
  const times = validTimes(span.startTime, span.endTime, settings.now);
  if (times.repaired) {
    settings.onMended("span:times", `span "${span.name}" had an end before its start, or no valid time`);
  }
  return times;
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 3)}...`;
}
