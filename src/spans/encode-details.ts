import { statementText } from "../privacy/private-attributes.js";
import { redactedText } from "../privacy/redacted.js";
import { MAX_MEASUREMENTS, validMeasurementName, validUnit } from "../protocol/relay-values.js";
import { boundedText } from "../semantics/inference.js";
import type { AttributeEncoder } from "./attribute-encoder.js";
import { flat, LastText, RememberedTexts } from "./json-values.js";
import { clip, cut, jsonString } from "../support/text.js";
import { validSpanId, validTraceId } from "../trace/span.js";
import type { AttributeBag, SpanEvent, SpanLink } from "../trace/span.js";

const SAMPLED_FLAG = 1;
// Events of a span that are encoded. OTel's SDK keeps 128, but hand-made spans may have any number.
const MAX_EVENTS = 1000;
const MAX_LINKS = 128;
const MAX_LINKS_LENGTH = 65_536;
const MAX_STATUS_LENGTH = 8192;

/** Encodes links as a JSON property with a leading comma, without their trace state, which Sentry does not use. */
export function jsonLinks(links: readonly SpanLink[], attributes: AttributeEncoder): string {
  let text = "";
  attributes.begin();
  for (const link of links.slice(0, MAX_LINKS)) {
    text += `${text === "" ? "" : ","}${jsonLink(link, text.length > MAX_LINKS_LENGTH ? undefined : attributes)}`;
  }
  return `,"links":[${text}]`;
}

// Without an encoder, the link is sent without its attributes.
function jsonLink(link: SpanLink, encoder: AttributeEncoder | undefined): string {
  const { traceId, spanId, traceFlags } = link.context;
  const sampled = (traceFlags & SAMPLED_FLAG) === SAMPLED_FLAG;
  const attributes =
    link.attributes === undefined ? "" : (encoder?.encodeMore(link.attributes).text.slice(1) ?? "");
  const field = attributes === "" ? "" : `,"attributes":{${attributes}}`;
  return `{"trace_id":"${validTraceId(traceId)}","span_id":"${validSpanId(spanId)}","sampled":${sampled}${field}}`;
}

/** Measurements as a JSON property with a leading comma. `isBroken` is true if one was repaired or left out. */
export interface EncodedMeasurements {
  readonly text: string;
  readonly isBroken: boolean;
}

/**
 * Encodes measurements, which Sentry's own SDKs record as span events; "" if there are none. Other events cannot be
 * sent with Sentry's spans.
 */
export function jsonMeasurements(events: readonly SpanEvent[]): EncodedMeasurements {
  const fields = new Map<string, string>();
  let isBroken = false;
  for (let index = Math.max(0, events.length - MAX_EVENTS); index < events.length; index += 1) {
    const event = events[index];
    if (event === undefined) continue;
    if (event.attributes?.["sentry.measurement_value"] === undefined) continue;
    const { name, text, isValid } = measurementOf(event, event.attributes);
    const hasRoom = fields.has(name) || fields.size < MAX_MEASUREMENTS;
    isBroken ||= !isValid || !hasRoom;
    if (text !== undefined && hasRoom) fields.set(name, text);
  }
  const texts = Array.from(fields, ([name, text]) => `"${name}":${text}`);
  const text = texts.length === 0 ? "" : `,"measurements":{${texts.join(",")}}`;
  return { text, isBroken };
}

interface Measurement {
  readonly name: string;
  readonly text: string | undefined;
  readonly isValid: boolean;
}

function measurementOf(event: SpanEvent, attributes: AttributeBag): Measurement {
  const value = attributes["sentry.measurement_value"];
  const given = attributes["sentry.measurement_unit"];
  const name = validMeasurementName(event.name);
  if (name === undefined || typeof value !== "number" || !Number.isFinite(value))
    return { name: event.name, text: undefined, isValid: false };
  const unit = validUnit(given);
  const hasUnit = unit !== undefined || given === undefined || given === "";
  const text = `{"value":${value},"unit":"${unit ?? "none"}"}`;
  return { name, text, isValid: hasUnit && name === event.name };
}

/**
 * Returns a status message, cut and with secrets filtered, since it often holds a response body; undefined if it is
 * empty.
 */
export function statusDescription(message: unknown): string | undefined {
  if (typeof message !== "string" || message === "") return undefined;
  // Twice the length is searched, so that a secret that is cut off is still recognized.
  return clip(redactedText(cut(message, 2 * MAX_STATUS_LENGTH)), MAX_STATUS_LENGTH);
}

const MAX_NAME_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 8192;

/**
 * Encodes names and descriptions of spans. Each encoder has its own instance, which caches the strings of earlier
 * spans.
 */
export class SpanLabels {
  readonly #names = new RememberedTexts(nameField);
  readonly #namesAsDescriptions = new RememberedTexts(
    (name) => nameField(name) + descriptionField(name, redactedText),
  );
  // Name and description usually change together.
  readonly #last = new LastText((description: string, name: string, isStatement: boolean) =>
    description === name && !isStatement
      ? this.#namesAsDescriptions.of(name)
      : this.#names.of(name) +
        descriptionField(description, isStatement ? statementText : redactedText),
  );

  /** Returns the name as the last property of the span's data, and the description as the last property of the span. */
  of(description: string, name: string, op: string | undefined): string {
    return this.#last.of(description, name, isDatabase(op));
  }

  /** Returns the text before a description that differs from span to span. */
  before(name: string): string {
    return flat(this.#names.of(name) + DESCRIPTION);
  }
}

/**
 * Returns a span's name as a property of its data, with a leading comma. Relay uses it as the span's name. Otherwise
 * Relay derives the name from the op, which for many instrumentations yields the op itself or `default`.
 */
export function nameField(name: string): string {
  if (name.trim() === "") return "";
  return `,"sentry.name":${jsonString(clip(redactedText(name), MAX_NAME_LENGTH))}`;
}

// A statement is filtered like the attribute that it comes from, because searching SQL as plain text takes 2 µs.
function isDatabase(op: string | undefined): boolean {
  return op !== undefined && op.startsWith("db");
}

function descriptionField(description: string, filter: (text: string) => string): string {
  return `${DESCRIPTION}${filteredDescription(description, filter)}}`;
}

/** Returns the filtered description as JSON. */
export function descriptionJson(description: string, op: string | undefined): string {
  return filteredDescription(description, isDatabase(op) ? statementText : redactedText);
}

function filteredDescription(description: string, filter: (text: string) => string): string {
  return jsonString(clip(filter(boundedText(description)), MAX_DESCRIPTION_LENGTH));
}

// The end of the data, and the key of the description.
const DESCRIPTION = '},"description":';
