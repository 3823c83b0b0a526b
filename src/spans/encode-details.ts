import { clip, cut } from "../support/text.js";
import { MAX_MEASUREMENTS, validMeasurementName, validUnit } from "../protocol/relay-values.js";
import { redactedText } from "../privacy/redacted.js";
import type { AttributeBag, SpanEvent, SpanLink } from "../trace/span.js";
import type { AttributeEncoder } from "./attribute-encoder.js";
import { validSpanId, validTraceId } from "../trace/span.js";

const SAMPLED_FLAG = 1;
// By index: what is made by hand may have any length. OTel's SDK keeps 128.
const MAX_EVENTS = 1000;
const MAX_LINKS = 128;
const MAX_LINKS_LENGTH = 65_536;
const MAX_STATUS_LENGTH = 8192;

/** Links as a member with a leading comma. The trace state of a link is OTel's own and stays out. */
export function jsonLinks(links: readonly SpanLink[], attributes: AttributeEncoder): string {
  let text = "";
  for (const link of links.slice(0, MAX_LINKS)) {
    text += `${text === "" ? "" : ","}${jsonLink(link, text.length > MAX_LINKS_LENGTH ? undefined : attributes)}`;
  }
  return `,"links":[${text}]`;
}

// Without an encoder, the link goes without its attributes.
function jsonLink(link: SpanLink, encoder: AttributeEncoder | undefined): string {
  const { traceId, spanId, traceFlags } = link.context;
  const sampled = (traceFlags & SAMPLED_FLAG) === SAMPLED_FLAG;
  const attributes =
    link.attributes === undefined ? "" : (encoder?.members(link.attributes).text.slice(1) ?? "");
  const member = attributes === "" ? "" : `,"attributes":{${attributes}}`;
  return `{"trace_id":"${validTraceId(traceId)}","span_id":"${validSpanId(spanId)}","sampled":${sampled}${member}}`;
}

/** Measurements as a member with a leading comma, and whether one had to be repaired or left out. */
export interface EncodedMeasurements {
  readonly text: string;
  readonly isBroken: boolean;
}

/**
 * Measurements that Sentry's own SDKs write as span events; no text when no event is one. Other events
 * are not representable in a span.
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

/** A status message as it is sent; undefined where there is none. It often holds the body of an answer. */
export function statusDescription(message: unknown): string | undefined {
  if (typeof message !== "string" || message === "") return undefined;
  // More is read than is sent, so that no secret is recognized less because the text is cut.
  return clip(redactedText(cut(message, 2 * MAX_STATUS_LENGTH)), MAX_STATUS_LENGTH);
}
