import { clip, cut } from "../support/text.js";
import { MAX_MEASUREMENTS, validMeasurementName, validUnit } from "../protocol/relay-values.js";
import { redactedText } from "../privacy/redacted.js";
import type { AttributeBag, SpanEvent, SpanLink } from "../trace/span.js";
import type { AttributeEncoder } from "./attribute-encoder.js";
import { validSpanId, validTraceId } from "../trace/span.js";

const SAMPLED_FLAG = 1;
// Hand-made spans may have any number; OTel's SDK keeps 128.
const MAX_EVENTS = 1000;
const MAX_LINKS = 128;
const MAX_LINKS_LENGTH = 65_536;
const MAX_STATUS_LENGTH = 8192;

/** Encodes links as a JSON member with a leading comma, without their trace state, which Sentry does not use. */
export function jsonLinks(links: readonly SpanLink[], attributes: AttributeEncoder): string {
  let text = "";
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
    link.attributes === undefined ? "" : (encoder?.members(link.attributes).text.slice(1) ?? "");
  const member = attributes === "" ? "" : `,"attributes":{${attributes}}`;
  return `{"trace_id":"${validTraceId(traceId)}","span_id":"${validSpanId(spanId)}","sampled":${sampled}${member}}`;
}

/** Measurements as a JSON member with a leading comma. `isBroken` is true if one was repaired or left out. */
export interface EncodedMeasurements {
  readonly text: string;
  readonly isBroken: boolean;
}

/**
 * Encodes measurements, which Sentry's own SDKs record as span events; the text is empty if there are none. Sentry's spans
 * cannot carry other events.
 */
export function jsonMeasurements(events: readonly SpanEvent[]): EncodedMeasurements {
  const members = new Map<string, string>();
  let isBroken = false;
  for (let index = Math.max(0, events.length - MAX_EVENTS); index < events.length; index += 1) {
    const event = events[index];
    if (event === undefined) continue;
    if (event.attributes?.["sentry.measurement_value"] === undefined) continue;
    const { name, text, isValid } = measurementOf(event, event.attributes);
    const hasRoom = members.has(name) || members.size < MAX_MEASUREMENTS;
    isBroken ||= !isValid || !hasRoom;
    if (text !== undefined && hasRoom) members.set(name, text);
  }
  const texts = Array.from(members, ([name, text]) => `"${name}":${text}`);
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

/** Returns a status message with secrets filtered and cut; undefined if it is empty. It often holds a response body. */
export function statusDescription(message: unknown): string | undefined {
  if (typeof message !== "string" || message === "") return undefined;
  // Twice the length is searched, so that a secret at the cut is still recognized.
  return clip(redactedText(cut(message, 2 * MAX_STATUS_LENGTH)), MAX_STATUS_LENGTH);
}
