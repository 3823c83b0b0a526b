import type { TransactionEvent } from "../protocol/transaction-event.js";

/** Bytes that an event or transaction item may have (protocol: size limits). */
export const MAX_ITEM_BYTES = 1_048_576;

const TEXT_LIMITS = [1024, 128];

/**
 * Makes a transaction fit into what Relay takes; `undefined` when it already does. No span is lost:
 * breadcrumbs and extra go first, then long texts are cut, then the largest `data` of spans.
 */
export function fitTransaction(json: string): string | undefined {
  if (Buffer.byteLength(json) <= MAX_ITEM_BYTES) return undefined;
  const event = JSON.parse(json) as TransactionEvent;
  delete event.breadcrumbs;
  delete event.extra;
  let text = JSON.stringify(event);
  for (const limit of TEXT_LIMITS) {
    if (Buffer.byteLength(text) <= MAX_ITEM_BYTES) return text;
    text = JSON.stringify(event, (_key, value: unknown) => clipText(value, limit));
  }
  return withoutLargestData(JSON.parse(text) as TransactionEvent);
}

function clipText(value: unknown, limit: number): unknown {
  return typeof value === "string" && value.length > limit ? `${value.slice(0, limit)}...`.toWellFormed() : value;
}

// What stays has a few hundred bytes per span, of which there are at most 1000.
function withoutLargestData(event: TransactionEvent): string {
  const bySize = event.spans
    .map((span) => ({ span, bytes: Buffer.byteLength(JSON.stringify(span.data ?? {})) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  let excess = Buffer.byteLength(JSON.stringify(event)) - MAX_ITEM_BYTES;
  for (const { span, bytes } of bySize) {
    if (excess <= 0) break;
    span.data = {};
    excess -= bytes - 2;
  }
  if (excess > 0) delete event.tags;
  return JSON.stringify(event);
}
