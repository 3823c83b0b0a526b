import { inferOrigin } from "../semantics/infer-origin.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { Inference } from "../semantics/infer-span.js";
import { inferStatus } from "../semantics/infer-status.js";
import { SPAN_KIND, STATUS_CODE } from "../semantics/span-view.js";
import { AttributeEncoder } from "./attribute-encoder.js";
import type { EncodedHead } from "./encoded-head.js";
import { jsonLinks, jsonMeasurements } from "./encode-details.js";
import { jsonValue } from "./encode-value.js";
import type { FinishedSpan } from "./finished-span.js";
import { validSpanId, validTraceId } from "./ids.js";
import { clip, jsonMember, jsonString } from "./json-text.js";
import { LastText } from "./last-text.js";
import { readableSpan } from "./readable-span.js";
import { TimestampEncoder, validTimes } from "./timestamps.js";

/** What the encoding is given, and tells about spans that it had to mend. */
export interface EncodingSettings {
  readonly now: () => number;
  /** Called with a kind of trouble and a sentence about it. */
  readonly onMended: (kind: string, message: string, cause?: unknown) => void;
}

const KIND_NAMES = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const MAX_OP_LENGTH = 128;
const MAX_NAME_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 8192;

/**
 * Turns finished spans into the JSON of a transaction's parts (protocol: span payload, trace
 * context). Built once per processor, since it remembers the texts of the last spans.
 */
export class SpanEncoder {
  readonly #settings: EncodingSettings;
  readonly #attributes = new AttributeEncoder();
  readonly #start = new TimestampEncoder(',"start_timestamp":');
  readonly #end = new TimestampEncoder(',"timestamp":');
  readonly #traceId = new LastText((id: string) => `","trace_id":"${validTraceId(id)}"`);
  readonly #parentId = new LastText((id: string) => `,"parent_span_id":"${validSpanId(id)}"`);
  readonly #op = new LastText((op: string) => `,"op":${jsonString(clip(op, MAX_OP_LENGTH))}`);
  readonly #origin = new LastText((origin: string) => `,"origin":${jsonString(origin)}`);
  readonly #description = new LastText((text: string) => `,"description":${jsonString(clip(text, MAX_DESCRIPTION_LENGTH))}`);
  readonly #status = new LastText((status: string) => `,"status":"${status}","data":{`);
  readonly #scope = new LastText(scopeMembers);

  constructor(settings: EncodingSettings) {
    this.#settings = settings;
  }

  /** A child span as an entry of a transaction's `spans`. */
  span(span: FinishedSpan, parentSpanId: string | undefined): string {
    return this.#readable(span, (readable) => this.#encodeSpan(readable, parentSpanId));
  }

  /** A local root as the head of its transaction. */
  head(span: FinishedSpan, sampleRate: number | undefined): EncodedHead {
    return this.#readable(span, (readable) => this.#encodeHead(readable, sampleRate));
  }

  // A span with an attribute that throws when it is read goes without that attribute.
  #readable<T>(span: FinishedSpan, encode: (span: FinishedSpan) => T): T {
    try {
      return encode(span);
    } catch (error) {
      this.#settings.onMended("span:unreadable", "a span had a value that could not be read; it goes without", error);
      return encode(readableSpan(span));
    }
  }

  #encodeSpan(span: FinishedSpan, parentSpanId: string | undefined): string {
    const times = this.#validTimes(span);
    const inferred = inferSpan(span);
    const measurements = span.events.length === 0 ? "" : jsonMeasurements(span.events);
    const description = this.#description.of(inferred.description);
    return `{${this.#members(span, parentSpanId, inferred)}${measurements}${description}${this.#start.text(times.start)}${this.#end.text(times.end)}}`;
  }

  #encodeHead(span: FinishedSpan, sampleRate: number | undefined): EncodedHead {
    const identity = span.spanContext();
    const times = this.#validTimes(span);
    const inferred = inferSpan(span);
    const rate = sampleRate === undefined ? "" : `,"sentry.sample_rate":${sampleRate}`;
    const extra = `,"sentry.source":"${inferred.source}"${rate}${jsonMember("sentry.op", inferred.op)}`;
    return {
      traceId: validTraceId(identity.traceId),
      spanId: validSpanId(identity.spanId),
      name: clip(inferred.description.trim(), MAX_NAME_LENGTH) || "<unlabeled transaction>",
      source: inferred.source,
      op: inferred.op,
      traceContext: this.#members(span, span.parentSpanContext?.spanId, inferred, extra),
      times: this.#start.text(times.start) + this.#end.text(times.end),
      measurements: span.events.length === 0 ? "" : jsonMeasurements(span.events),
      responseStatusCode: responseStatusOf(span),
    };
  }

  // What `contexts.trace` and an entry of `spans` have in common.
  #members(span: FinishedSpan, parentSpanId: string | undefined, inferred: Inference, extra: string = ""): string {
    const identity = span.spanContext();
    const parent = parentSpanId ? this.#parentId.of(parentSpanId) : "";
    const op = inferred.op === undefined ? "" : this.#op.of(inferred.op);
    const status = inferStatus(span.status.code, span.status.message, span.attributes);
    const links = span.links.length === 0 ? "" : jsonLinks(span.links, this.#attributes);
    return `"span_id":"${validSpanId(identity.spanId)}${this.#traceId.of(identity.traceId)}${parent}${op}${this.#origin.of(originOf(span, inferred.op))}${this.#status.of(status)}${this.#data(span, inferred)}${extra}}${links}`;
  }

  // The scope comes first, because it is always there: all that follows can begin with a comma.
  #data(span: FinishedSpan, inferred: Inference): string {
    const attributes = this.#attributes.members(span.attributes);
    if (attributes.clipped) {
      this.#settings.onMended("span:attributes", `attributes of span "${clip(span.name, MAX_NAME_LENGTH)}" were too large and were cut`);
    }
    const added = inferred.data === undefined ? "" : inferredMembers(span, inferred.data);
    return `${this.#scope.of(span.instrumentationScope)}${kindMember(span.kind)}${attributes.text}${added}${mendedMembers(span)}`;
  }

  #validTimes(span: FinishedSpan): { start: number; end: number } {
    const times = validTimes(span.startTime, span.endTime, this.#settings.now);
    if (times.repaired) {
      this.#settings.onMended("span:times", `span "${clip(span.name, MAX_NAME_LENGTH)}" had an end before its start, or no valid time`);
    }
    return times;
  }
}

// Inferred values never replace what the span says itself.
function inferredMembers(span: FinishedSpan, data: NonNullable<Inference["data"]>): string {
  let text = "";
  for (const key in data) {
    if (span.attributes[key] === undefined) text += `,${jsonString(key)}:${jsonValue(data[key])}`;
  }
  return text;
}

// The following are OTel's rules for non-OTLP formats: scope, status message and dropped counts stay
// visible.
function scopeMembers(scope: FinishedSpan["instrumentationScope"]): string {
  return `"otel.scope.name":${jsonString(scope.name)}${jsonMember("otel.scope.version", scope.version || undefined)}`;
}

function mendedMembers(span: FinishedSpan): string {
  const { status } = span;
  const message = status.code === STATUS_CODE.ERROR ? jsonMember("otel.status_description", status.message || undefined) : "";
  const { droppedAttributesCount: attributes, droppedEventsCount: events, droppedLinksCount: links } = span;
  if (attributes + events + links === 0) return message;
  return `${message}${countMember("otel.dropped_attributes_count", attributes)}${countMember("otel.dropped_events_count", events)}${countMember("otel.dropped_links_count", links)}`;
}

function kindMember(kind: number): string {
  return kind === SPAN_KIND.INTERNAL ? "" : `,"otel.kind":"${KIND_NAMES[kind] ?? "INTERNAL"}"`;
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
