import { clip, cut, jsonMember, jsonString } from "../support/text.js";
import { ruleMessage, validOrigin } from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import { httpStatusOf, inferStatus } from "../semantics/infer-status.js";
import { bounded, textValue as givenText } from "../semantics/inference.js";
import { inferOrigin } from "../semantics/infer-origin.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { Inference } from "../semantics/inference.js";
import { requestOf } from "../semantics/request-data.js";
import type { RequestData } from "../semantics/request-data.js";
import { namedRequest } from "../semantics/request-name.js";
import { SPAN_KIND, STATUS_CODE, namesSpan, validSpanId, validTraceId } from "../trace/span.js";
import { withoutSecrets } from "../privacy/url.js";
import { AttributeEncoder } from "./attribute-encoder.js";
import { sourceMember, transactionName } from "./encoded-head.js";
import type { EncodedHead, HeadNaming } from "./encoded-head.js";
import { jsonLinks, jsonMeasurements, statusDescription } from "./encode-details.js";
import { jsonValue } from "./encode-value.js";
import type { FinishedSpan } from "../trace/span.js";
import { LastText, RememberedTexts } from "./last-text.js";
import { readableSpan } from "./readable-span.js";
import { TimestampEncoder, validTimes } from "./timestamps.js";

/** What the encoding is given, and tells about spans that it had to mend. */
export interface EncodingSettings {
  readonly now: () => number;
  /** Called with a kind of trouble and a sentence about it. */
  readonly onMended: (kind: string, message: string, cause?: unknown) => void;
  /** Whether personal data that instrumentations recorded is sent. Default false. */
  readonly sendDefaultPii?: boolean;
}

/** The text of the last trace and parent id: siblings have both in common. */
export type IdTexts = LastText<string, string | undefined>;

/** The ids of one segment, since segments end their spans by turns. */
export function createIdTexts(): IdTexts {
  return new LastText(idMembers);
}

type RequestValue = string | Readonly<Record<string, string>>;

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
  readonly #attributes: AttributeEncoder;
  readonly #ids = createIdTexts();
  readonly #start = new TimestampEncoder(',"start_timestamp":');
  readonly #end = new TimestampEncoder(',"timestamp":');
  readonly #kind = new LastText(kindMembers);
  readonly #scope = new LastText(scopeMembers);
  readonly #names = new RememberedTexts(nameMember);
  // Name and description change together more often than not.
  readonly #label = new LastText(
    (description: string, name: string) => this.#names.of(name) + descriptionMember(description),
  );

  constructor(settings: EncodingSettings) {
    this.#settings = settings;
    this.#attributes = new AttributeEncoder(settings);
  }

  /** A child span as an entry of a transaction's `spans`. `ids` remembers those of its segment. */
  span(span: FinishedSpan, parentSpanId: string | undefined, ids: IdTexts = this.#ids): string {
    try {
      return this.#encodeSpan(span, parentSpanId, ids);
    } catch (error) {
      const text = this.#encodeSpan(readableSpan(span, this.#settings.now()), parentSpanId, ids);
      this.#tellUnreadable(error);
      return text;
    }
  }

  /** A local root as the head of its transaction. */
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
    this.#settings.onMended(
      "span:unreadable",
      "a span had a value that could not be read; it goes without",
      error,
    );
  }

  // What does not change from span to span stands together, so that it is one text each.
  #encodeSpan(span: FinishedSpan, parentSpanId: string | undefined, ids: IdTexts): string {
    const times = this.#validTimes(span);
    const inferred = inferSpan(span);
    const details = this.#details(span);
    const label = this.#label.of(inferred.description, nameOf(span), undefined);
    return `{${identityMembers(span, ids.of(span.spanContext().traceId, parentSpanId, undefined))}${this.#start.text(times.start)}${this.#end.text(times.end)}${details}${this.#data(span, inferred)}${label}`;
  }

  #encodeHead(span: FinishedSpan, sampleRate: number | undefined): EncodedHead {
    const identity = span.spanContext();
    const times = this.#validTimes(span);
    const inferred = inferSpan(span);
    const op = inferred.op === undefined ? undefined : clip(inferred.op, MAX_OP_LENGTH);
    const links = span.links.length === 0 ? "" : jsonLinks(span.links, this.#attributes);
    const rate = sampleRate === undefined ? "" : `,"sentry.sample_rate":${sampleRate}`;
    const start = `${identityMembers(span, idMembers(identity.traceId, span.parentSpanContext?.spanId))}${links}${this.#data(span, inferred)}`;
    const { source } = inferred;
    const name = nameMember(givenText(span.attributes["sentry.name"]) ?? "");
    return {
      traceId: validTraceId(identity.traceId),
      spanId: validSpanId(identity.spanId),
      name: transactionName(inferred.description),
      spanName: typeof span.name === "string" ? bounded(span.name) : undefined,
      source,
      op,
      traceContext: `${start}${sourceMember(source)}${rate}${jsonMember("sentry.op", op)}${name}}`,
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
    const request = requestOf(attributes, { sendDefaultPii });
    return request === undefined ? "" : `,"request":{${requestMembers(request)}}`;
  }

  // Op, origin, status and the attributes, up to where `data` is closed. The scope comes first,
  // because it is always there: all that follows can begin with a comma.
  #data(span: FinishedSpan, inferred: Inference): string {
    const status = inferStatus(span.status.code, span.status.message, span.attributes);
    const kind = this.#kind.of(inferred.op, this.#origin(span, inferred.op), status);
    const attributes = this.#attributes.members(span.attributes, span.kind);
    if (attributes.clipped) {
      this.#settings.onMended(
        "span:attributes",
        `attributes of span "${clip(span.name, MAX_NAME_LENGTH)}" were too large and were cut`,
      );
    }
    const added = inferred.data === undefined ? "" : inferredMembers(span, inferred.data);
    return `${kind}${this.#scope.of(span.instrumentationScope, span.kind, undefined)}${attributes.text}${added}${mendedMembers(span)}`;
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
    this.#settings.onMended(`value:${rule}`, ruleMessage(rule));
  }

  #validTimes(span: FinishedSpan): { start: number; end: number } {
    const times = validTimes(span.startTime, span.endTime, this.#settings.now);
    if (times.repaired) {
      this.#settings.onMended(
        "span:times",
        `span "${clip(span.name, MAX_NAME_LENGTH)}" had an end before its start, or no valid time`,
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

// Its values hold no secrets. Text by text, since a general encoding takes three times as long.
function requestMembers(record: RequestData | Readonly<Record<string, string>>): string {
  let members = "";
  for (const key in record) {
    const value = (record as Readonly<Record<string, RequestValue>>)[key] ?? "";
    const json = typeof value === "string" ? jsonString(value) : `{${requestMembers(value)}}`;
    members += `${members === "" ? "" : ","}${jsonString(key)}:${json}`;
  }
  return members;
}

// Inferred values never replace what the span says itself.
function inferredMembers(span: FinishedSpan, data: NonNullable<Inference["data"]>): string {
  let text = "";
  for (const key in data) {
    if (span.attributes[key] === undefined) text += `,${jsonString(key)}:${jsonValue(data[key])}`;
  }
  return text;
}

function identityMembers(span: FinishedSpan, ids: string): string {
  return `"span_id":"${validSpanId(span.spanContext().spanId)}${ids}`;
}

function idMembers(traceId: string, parentSpanId: string | undefined): string {
  const parent = namesSpan(parentSpanId) ? `,"parent_span_id":"${validSpanId(parentSpanId)}"` : "";
  return `","trace_id":"${validTraceId(traceId)}"${parent}`;
}

function kindMembers(op: string | undefined, origin: string, status: string): string {
  const member = op === undefined ? "" : `,"op":${jsonString(clip(op, MAX_OP_LENGTH))}`;
  return `${member},"origin":${jsonString(cut(origin, MAX_OP_LENGTH))},"status":"${status}","data":{`;
}

function descriptionMember(description: string): string {
  return `},"description":${jsonString(clip(withoutSecrets(bounded(description)), MAX_DESCRIPTION_LENGTH))}}`;
}

// Relay takes this for the span's name. Without it, it derives one from the op, which for many spans of
// instrumentations is the op itself, or `default`.
function nameMember(name: string): string {
  if (name.trim() === "") return "";
  return `,"sentry.name":${jsonString(clip(withoutSecrets(name), MAX_NAME_LENGTH))}`;
}

// A name that the application gives for Sentry wins. OTel's SDK passes on a name that is no text.
function nameOf({ name, attributes }: FinishedSpan): string {
  return givenText(attributes["sentry.name"]) ?? (typeof name === "string" ? bounded(name) : "");
}

// OTel's rules for non-OTLP formats: scope, status message and dropped counts stay visible.
function scopeMembers(scope: FinishedSpan["instrumentationScope"], kind: number): string {
  const kindMember =
    kind === SPAN_KIND.INTERNAL ? "" : `,"otel.kind":"${KIND_NAMES[kind] ?? "INTERNAL"}"`;
  const version = scope.version
    ? jsonMember("otel.scope.version", clip(scope.version, MAX_NAME_LENGTH))
    : "";
  return `"otel.scope.name":${jsonString(clip(scope.name, MAX_NAME_LENGTH))}${version}${kindMember}`;
}

function mendedMembers(span: FinishedSpan): string {
  const { status } = span;
  const message =
    status.code === STATUS_CODE.ERROR
      ? jsonMember("otel.status_description", statusDescription(status.message))
      : "";
  const {
    droppedAttributesCount: attributes,
    droppedEventsCount: events,
    droppedLinksCount: links,
  } = span;
  if (attributes === 0 && events === 0 && links === 0) return message;
  return `${message}${countMember("otel.dropped_attributes_count", attributes)}${countMember("otel.dropped_events_count", events)}${countMember("otel.dropped_links_count", links)}`;
}

function countMember(key: string, count: number): string {
  return count > 0 && Number.isFinite(count) ? `,"${key}":${count}` : "";
}

// Relay takes unsigned integers only.
function responseStatusOf({ attributes }: FinishedSpan): number | undefined {
  const code = httpStatusOf(attributes);
  return code !== undefined && code >= 0 && code < 1000 ? code : undefined;
}
