import { observation } from "../support/observation.js";
import { clip, jsonField, jsonString } from "../support/text.js";
import { ruleMessage } from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";
import { httpStatusOf } from "../semantics/infer-status.js";
import { boundedText, textValue } from "../semantics/inference.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { Inference } from "../semantics/inference.js";
import { requestDataOf } from "../semantics/request-data.js";
import type { RequestData } from "../semantics/request-data.js";
import { namedRequest } from "../semantics/request-name.js";
import { SPAN_KIND, validSpanId, validTraceId } from "../trace/span.js";
import { AttributeEncoder } from "./attribute-encoder.js";
import { sourceField, transactionName } from "./encoded-head.js";
import type { EncodedHead, HeadNaming } from "./encoded-head.js";
import { jsonLinks, jsonMeasurements, nameField } from "./encode-details.js";
import { FieldEncoder } from "./field-encoder.js";
import { TimestampEncoder, validTimes } from "./json-values.js";
import type { FinishedSpan } from "../trace/span.js";
import { readableSpan } from "./readable-span.js";
import {
  createIdTexts,
  beginWithIdentity,
  idFields,
  MAX_SPAN_NAME_LENGTH,
  MAX_OP_LENGTH,
} from "./span-fields.js";
import type { IdTexts } from "./span-fields.js";

/** Settings of the encoding of spans. */
export interface EncodingSettings {
  readonly now: () => number;
  /** Called for each value that is repaired or left out, with a key for `warnOnce` and a message. */
  readonly onProblem: (kind: string, message: string, cause?: unknown) => void;
  /** Sends personal data that instrumentations recorded. Default false. */
  readonly sendDefaultPii?: boolean;
}

type RequestValue = string | Readonly<Record<string, string>>;

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
  readonly #fields: FieldEncoder;

  constructor(settings: EncodingSettings) {
    this.#settings = settings;
    this.#attributes = new AttributeEncoder(settings);
    this.#fields = new FieldEncoder(this.#attributes, {
      onClipped: (name) =>
        settings.onProblem(
          "span-attributes",
          `attributes of span "${name}" were too large; they were cut or left out`,
        ),
      onInvalid: (rule) => this.#warnInvalid(rule),
    });
  }

  /** Encodes a child span as an entry of a transaction's `spans`. `ids` is the cache of its segment. */
  span(span: FinishedSpan, parentSpanId: string | undefined, ids: IdTexts = this.#ids): string {
    try {
      return this.#encodeSpan(span, parentSpanId, ids);
    } catch (error) {
      const text = this.#encodeSpan(readableSpan(span, this.#settings.now()), parentSpanId, ids);
      this.#warnUnreadable(error);
      return text;
    }
  }

  /** Encodes a local root as the head of its transaction. */
  head(span: FinishedSpan, sampleRate: number | undefined): EncodedHead {
    try {
      return this.#encodeHead(span, sampleRate);
    } catch (error) {
      const head = this.#encodeHead(readableSpan(span, this.#settings.now()), sampleRate);
      this.#warnUnreadable(error);
      return head;
    }
  }

  /** Logs that a span was dropped because of an error in this package. */
  reportFailure(error: unknown): void {
    this.#settings.onProblem(
      "span-encoding",
      "a span could not be encoded; it was dropped. This is a bug in otel-sentry-bridge; please report it",
      error,
    );
  }

  #warnUnreadable(error: unknown): void {
    this.#settings.onProblem(
      "span-unreadable",
      "a span had a value that could not be read; the span is sent without it",
      error,
    );
  }

  #encodeSpan(span: FinishedSpan, parentSpanId: string | undefined, ids: IdTexts): string {
    const times = this.#validTimes(span);
    const { traceId, spanId } = span.spanContext();
    const details = this.#details(span);
    return `${beginWithIdentity(spanId, ids.of(traceId, parentSpanId, undefined))}${this.#start.text(times.start)}${this.#end.text(times.end)}${details}${this.#fields.of(span)}`;
  }

  #encodeHead(span: FinishedSpan, sampleRate: number | undefined): EncodedHead {
    const identity = span.spanContext();
    const times = this.#validTimes(span);
    const inferred = inferSpan(span);
    const op = inferred.op === undefined ? undefined : clip(inferred.op, MAX_OP_LENGTH);
    const links = span.links.length === 0 ? "" : jsonLinks(span.links, this.#attributes);
    const rate = sampleRate === undefined ? "" : `,"sentry.sample_rate":${sampleRate}`;
    const ids = idFields(identity.traceId, span.parentSpanContext?.spanId);
    // The trace context is put together without its braces.
    const start = `${beginWithIdentity(identity.spanId, ids).slice(1)}${links}${this.#fields.data(span, inferred)}`;
    const { source } = inferred;
    const name = nameField(textValue(span.attributes["sentry.name"]) ?? "");
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

  #details(span: FinishedSpan): string {
    const links = span.links.length === 0 ? "" : jsonLinks(span.links, this.#attributes);
    return links + this.#measurements(span);
  }

  #measurements({ events }: FinishedSpan): string {
    if (events.length === 0) return "";
    const { text, isBroken } = jsonMeasurements(events);
    if (isBroken) this.#warnInvalid("measurement");
    return text;
  }

  #warnInvalid(rule: ValueRule): void {
    this.#settings.onProblem(`value:${rule}`, ruleMessage(rule));
    observation.observer?.warned?.(`value:${rule}`);
  }

  #validTimes(span: FinishedSpan): { start: number; end: number } {
    const times = validTimes(span.startTime, span.endTime, this.#settings.now);
    if (times.repaired) {
      this.#settings.onProblem(
        "span-times",
        `span "${clip(span.name, MAX_SPAN_NAME_LENGTH)}" ended before it started, or had no valid time; its times were repaired`,
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

// Relay accepts unsigned integers only.
function responseStatusOf({ attributes }: FinishedSpan): number | undefined {
  const code = httpStatusOf(attributes);
  return code !== undefined && code >= 0 && code < 1000 ? code : undefined;
}
