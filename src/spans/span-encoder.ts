import { clip, cut, jsonField, jsonString } from "../support/text.js";
import { ruleMessage, validOrigin } from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import { httpStatusOf, inferStatus } from "../semantics/infer-status.js";
import { boundedText, textValue as givenText } from "../semantics/inference.js";
import { inferOrigin } from "../semantics/infer-origin.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { Inference } from "../semantics/inference.js";
import { requestDataOf } from "../semantics/request-data.js";
import type { RequestData } from "../semantics/request-data.js";
import { namedRequest } from "../semantics/request-name.js";
import { SPAN_KIND, STATUS_CODE, isOtelSpanId, validSpanId, validTraceId } from "../trace/span.js";
import { AttributeEncoder } from "./attribute-encoder.js";
import { sourceField, transactionName } from "./encoded-head.js";
import type { EncodedHead, HeadNaming } from "./encoded-head.js";
import {
  jsonLinks,
  jsonMeasurements,
  nameField,
  SpanLabels,
  statusDescription,
} from "./encode-details.js";
import { jsonValue, LastText, TimestampEncoder, validTimes } from "./json-values.js";
import type { FinishedSpan } from "../trace/span.js";
import { readableSpan } from "./readable-span.js";

/** Settings of the encoding of spans. */
export interface EncodingSettings {
  readonly now: () => number;
  /** Called for each value that is repaired or left out, with a key for `warnOnce` and a message. */
  readonly onProblem: (kind: string, message: string, cause?: unknown) => void;
  /** Sends personal data that instrumentations recorded. Default false. */
  readonly sendDefaultPii?: boolean;
}

/** Caches the JSON of the last trace id and parent id, which siblings have in common. */
export type IdTexts = LastText<string, string | undefined>;

/** Creates the cache of one segment. It is per segment, because spans of concurrent segments end alternately. */
export function createIdTexts(): IdTexts {
  return new LastText(idFields);
}

type RequestValue = string | Readonly<Record<string, string>>;

const KIND_NAMES = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const MAX_OP_LENGTH = 128;
const MAX_NAME_LENGTH = 200;

/**
 * Encodes finished spans as parts of a transaction (protocol: span payload, trace context). Each processor has its own
 * encoder, which caches strings of the last spans.
 */
export class SpanEncoder {
  readonly #settings: EncodingSettings;
  readonly #attributes: AttributeEncoder;
  readonly #ids = createIdTexts();
  readonly #start = new TimestampEncoder(',"start_timestamp":');
  readonly #end = new TimestampEncoder(',"timestamp":');
  readonly #kind = new LastText(kindFields);
  readonly #scope = new LastText(scopeJson);
  readonly #labels = new SpanLabels();

  constructor(settings: EncodingSettings) {
    this.#settings = settings;
    this.#attributes = new AttributeEncoder(settings);
  }

  /** Encodes a child span as an entry of a transaction's `spans`. `ids` is the cache of its segment. */
  span(span: FinishedSpan, parentSpanId: string | undefined, ids: IdTexts = this.#ids): string {
    try {
      return this.#encodeSpan(span, parentSpanId, ids);
    } catch (error) {
      const text = this.#encodeSpan(readableSpan(span, this.#settings.now()), parentSpanId, ids);
      this.#tellUnreadable(error);
      return text;
    }
  }

  /** Encodes a local root as the head of its transaction. */
  head(span: FinishedSpan, sampleRate: number | undefined): EncodedHead {
    try {
      return this.#encodeHead(span, sampleRate);
    } catch (error) {
      const head = this.#encodeHead(readableSpan(span, this.#settings.now()), sampleRate);
      this.#tellUnreadable(error);
      return head;
    }
  }

  #tellUnreadable(error: unknown): void {
    this.#settings.onProblem(
      "span-unreadable",
      "a span had a value that could not be read; the span is sent without it",
      error,
    );
  }

  // Properties that rarely change are grouped, so that each group is one cached string.
  #encodeSpan(span: FinishedSpan, parentSpanId: string | undefined, ids: IdTexts): string {
    const times = this.#validTimes(span);
    const inferred = inferSpan(span);
    const details = this.#details(span);
    const label = this.#labels.of(inferred.description, nameOf(span), inferred.op);
    return `{${identityFields(span, ids.of(span.spanContext().traceId, parentSpanId, undefined))}${this.#start.text(times.start)}${this.#end.text(times.end)}${details}${this.#data(span, inferred)}${label}`;
  }

  #encodeHead(span: FinishedSpan, sampleRate: number | undefined): EncodedHead {
    const identity = span.spanContext();
    const times = this.#validTimes(span);
    const inferred = inferSpan(span);
    const op = inferred.op === undefined ? undefined : clip(inferred.op, MAX_OP_LENGTH);
    const links = span.links.length === 0 ? "" : jsonLinks(span.links, this.#attributes);
    const rate = sampleRate === undefined ? "" : `,"sentry.sample_rate":${sampleRate}`;
    const start = `${identityFields(span, idFields(identity.traceId, span.parentSpanContext?.spanId))}${links}${this.#data(span, inferred)}`;
    const { source } = inferred;
    const name = nameField(givenText(span.attributes["sentry.name"]) ?? "");
    return {
      traceId: validTraceId(identity.traceId),
      spanId: validSpanId(identity.spanId),
      name: transactionName(inferred.description),
      spanName: typeof span.name === "string" ? boundedText(span.name) : undefined,
      source,
      op,
      traceContext: `${start}${sourceField(source)}${rate}${jsonField("sentry.op", op)}${name}}`,
      start: times.start / 1e6,
      end: times.end / 1e6,
      times: this.#start.text(times.start) + this.#end.text(times.end),
      measurements: this.#measurements(span),
      request: span.kind === SPAN_KIND.SERVER ? this.#request(span) : "",
      responseStatusCode: responseStatusOf(span),
      naming: namingOf(span, inferred, start.length),
    };
  }

  #request({ attributes }: FinishedSpan): string {
    const { sendDefaultPii = false } = this.#settings;
    const request = requestDataOf(attributes, { sendDefaultPii });
    return request === undefined ? "" : `,"request":{${requestFields(request)}}`;
  }

  // Op, origin, status and the attributes, up to the end of `data`. The scope is always present and comes first, so
  // that all following properties can begin with a comma.
  #data(span: FinishedSpan, inferred: Inference): string {
    const status = inferStatus(span.status.code, span.status.message, span.attributes);
    const kind = this.#kind.of(inferred.op, this.#origin(span, inferred.op), status);
    const attributes = this.#attributes.encode(span.attributes, span.kind);
    if (attributes.clipped) {
      this.#settings.onProblem(
        "span-attributes",
        `attributes of span "${clip(span.name, MAX_NAME_LENGTH)}" were too large; they were cut or left out`,
      );
    }
    const added = inferred.data === undefined ? "" : inferredFields(span, inferred.data);
    return `${kind}${this.#scope.of(span.instrumentationScope, span.kind, undefined)}${attributes.text}${added}${otelFields(span)}`;
  }

  #details(span: FinishedSpan): string {
    const links = span.links.length === 0 ? "" : jsonLinks(span.links, this.#attributes);
    return links + this.#measurements(span);
  }

  #measurements({ events }: FinishedSpan): string {
    if (events.length === 0) return "";
    const { text, isBroken } = jsonMeasurements(events);
    if (isBroken) this.#tellBroken("measurement");
    return text;
  }

  #origin(span: FinishedSpan, op: string | undefined): string {
    const explicit = span.attributes["sentry.origin"];
    if (typeof explicit !== "string" || explicit === "")
      return inferOrigin(span.instrumentationScope.name, op);
    const origin = validOrigin(explicit);
    if (origin !== explicit) this.#tellBroken("origin");
    return origin;
  }

  #tellBroken(rule: ValueRule): void {
    this.#settings.onProblem(`value:${rule}`, ruleMessage(rule));
  }

  #validTimes(span: FinishedSpan): { start: number; end: number } {
    const times = validTimes(span.startTime, span.endTime, this.#settings.now);
    if (times.repaired) {
      this.#settings.onProblem(
        "span-times",
        `span "${clip(span.name, MAX_NAME_LENGTH)}" ended before it started, or had no valid time; its times were repaired`,
      );
    }
    return times;
  }
}

function namingOf(
  span: FinishedSpan,
  inferred: Inference,
  sourceAt: number,
): HeadNaming | undefined {
  const { description, source } = inferred;
  const request = namedRequest(span);
  if (request === undefined) return undefined;
  const hasRoute = span.attributes["http.route"] !== undefined;
  return { request, description, source, hasRoute, sourceAt };
}

// The values are already without secrets. Encoded property by property, because `JSON.stringify` takes three times as
// long.
function requestFields(record: RequestData | Readonly<Record<string, string>>): string {
  let fields = "";
  for (const key in record) {
    const value = (record as Readonly<Record<string, RequestValue>>)[key] ?? "";
    const json = typeof value === "string" ? jsonString(value) : `{${requestFields(value)}}`;
    fields += `${fields === "" ? "" : ","}${jsonString(key)}:${json}`;
  }
  return fields;
}

// Inferred values never replace the span's own attributes.
function inferredFields(span: FinishedSpan, data: NonNullable<Inference["data"]>): string {
  let text = "";
  for (const key in data) {
    if (span.attributes[key] === undefined) text += `,${jsonString(key)}:${jsonValue(data[key])}`;
  }
  return text;
}

function identityFields(span: FinishedSpan, ids: string): string {
  return `"span_id":"${validSpanId(span.spanContext().spanId)}${ids}`;
}

function idFields(traceId: string, parentSpanId: string | undefined): string {
  const parent = isOtelSpanId(parentSpanId)
    ? `,"parent_span_id":"${validSpanId(parentSpanId)}"`
    : "";
  return `","trace_id":"${validTraceId(traceId)}"${parent}`;
}

function kindFields(op: string | undefined, origin: string, status: string): string {
  const field = op === undefined ? "" : `,"op":${jsonString(clip(op, MAX_OP_LENGTH))}`;
  return `${field},"origin":${jsonString(cut(origin, MAX_OP_LENGTH))},"status":"${status}","data":{`;
}

// The attribute `sentry.name` takes precedence. OTel's SDK accepts names that are not strings.
function nameOf({ name, attributes }: FinishedSpan): string {
  return (
    givenText(attributes["sentry.name"]) ?? (typeof name === "string" ? boundedText(name) : "")
  );
}

// OTel's mapping to non-OTLP formats represents scope, status message and dropped counts as attributes.
function scopeJson(scope: FinishedSpan["instrumentationScope"], kind: number): string {
  const kindField =
    kind === SPAN_KIND.INTERNAL ? "" : `,"otel.kind":"${KIND_NAMES[kind] ?? "INTERNAL"}"`;
  const version = scope.version
    ? jsonField("otel.scope.version", clip(scope.version, MAX_NAME_LENGTH))
    : "";
  return `"otel.scope.name":${jsonString(clip(scope.name, MAX_NAME_LENGTH))}${version}${kindField}`;
}

function otelFields(span: FinishedSpan): string {
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

// Relay accepts unsigned integers only.
function responseStatusOf({ attributes }: FinishedSpan): number | undefined {
  const code = httpStatusOf(attributes);
  return code !== undefined && code >= 0 && code < 1000 ? code : undefined;
}
