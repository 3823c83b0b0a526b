import type { AttributeBag } from "../semantics/span-view.js";
import type { AttributeEncoder } from "./attribute-encoder.js";
import type { SpanEvent, SpanLink } from "./finished-span.js";
import { validSpanId, validTraceId } from "./ids.js";
import { clip, jsonString } from "./json-text.js";

const SAMPLED_FLAG = 1;
const MAX_LINKS = 128;
const MAX_LINKS_LENGTH = 65_536;
const MAX_MEASUREMENTS = 100;
const MAX_NAME_LENGTH = 200;

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

/**
 * Measurements that Sentry's own SDKs write as span events, as a member with a leading comma; nothing
 * when no event is one. Other events are not representable in a span.
 */
export function jsonMeasurements(events: readonly SpanEvent[]): string {
  const members = new Map<string, string>();
  for (const event of events) {
    const value = measurementOf(event.attributes);
    if (value !== undefined && members.size < MAX_MEASUREMENTS)
      members.set(clip(event.name, MAX_NAME_LENGTH), value);
  }
  const texts = Array.from(members, ([name, value]) => `${jsonString(name)}:${value}`);
  return texts.length === 0 ? "" : `,"measurements":{${texts.join(",")}}`;
}

function measurementOf(attributes: AttributeBag | undefined): string | undefined {
  const value = attributes?.["sentry.measurement_value"];
  const unit = attributes?.["sentry.measurement_unit"];
  if (typeof value !== "number" || !Number.isFinite(value) || typeof unit !== "string")
    return undefined;
  return `{"value":${value},"unit":${jsonString(clip(unit, MAX_NAME_LENGTH))}}`;
}
