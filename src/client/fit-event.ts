import type { Diagnostics } from "../support/diagnostics.js";
import { clip } from "../support/cut.js";

/** Bytes that an event or transaction item may have (protocol: size limits). */
const MAX_ITEM_BYTES = 1_048_576;

const TEXT_LIMITS = [1024, 128];

// What is read of an event or transaction to make it smaller.
interface LargeEvent {
  breadcrumbs?: unknown;
  extra?: unknown;
  tags?: unknown;
  contexts?: Record<string, unknown>;
  spans?: { data?: object }[];
}

/**
 * The JSON of an event or transaction that fits into what Relay takes. No span is lost: breadcrumbs
 * and extra go first, then long texts are cut, then the largest `data` of spans goes, then tags and
 * all contexts but the trace.
 */
export function fitEvent(json: string, diagnostics: Diagnostics): string {
  // No text of this length can have too many bytes.
  if (json.length <= MAX_ITEM_BYTES / 3 || fits(json)) return json;
  diagnostics.warnOnce("event:size", "an event was larger than Sentry takes; it was cut");
  return shrink(JSON.parse(json) as LargeEvent);
}

function shrink(event: LargeEvent): string {
  delete event.breadcrumbs;
  delete event.extra;
  let text = JSON.stringify(event);
  for (const limit of TEXT_LIMITS) {
    if (fits(text)) return text;
    text = JSON.stringify(event, (_key, value: unknown) => clipText(value, limit));
  }
  return fits(text) ? text : withoutLargestData(JSON.parse(text) as LargeEvent);
}

// What stays has a few hundred bytes per span, of which there are at most 1000.
function withoutLargestData(event: LargeEvent): string {
  const bySize = (event.spans ?? [])
    .map((span) => ({ span, bytes: Buffer.byteLength(JSON.stringify(span.data ?? {})) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  let excess = Buffer.byteLength(JSON.stringify(event)) - MAX_ITEM_BYTES;
  for (const { span, bytes } of bySize) {
    if (excess <= 0) break;
    span.data = {};
    excess -= bytes - 2;
  }
  return excess > 0 ? withTraceOnly(event) : JSON.stringify(event);
}

function withTraceOnly(event: LargeEvent): string {
  const trace = event.contexts?.["trace"];
  delete event.tags;
  event.contexts = trace === undefined ? {} : { trace };
  return JSON.stringify(event);
}

function clipText(value: unknown, limit: number): unknown {
  return typeof value === "string" ? clip(value, limit) : value;
}

function fits(json: string): boolean {
  return Buffer.byteLength(json) <= MAX_ITEM_BYTES;
}
