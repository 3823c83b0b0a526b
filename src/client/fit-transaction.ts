import type { Diagnostics } from "../diagnostics/diagnostics.js";
import type { TransactionEvent } from "../protocol/transaction-event.js";

/** Bytes that an event or transaction item may have (protocol: size limits). */
const MAX_ITEM_BYTES = 1_048_576;

const TEXT_LIMITS = [1024, 128];

/**
 * A transaction that fits into what Relay takes. No span is lost: breadcrumbs and extra go first,
 * then long texts are cut, then the largest `data` of spans.
 */
export function fitTransaction(json: string, diagnostics: Diagnostics): string {
  // No text of this length can have too many bytes.
  if (json.length <= MAX_ITEM_BYTES / 3 || Buffer.byteLength(json) <= MAX_ITEM_BYTES) return json;
  diagnostics.warnOnce(
    "transaction:size",
    "a transaction was larger than Sentry takes; it was cut",
  );
  return shrink(JSON.parse(json) as TransactionEvent);
}

function shrink(event: TransactionEvent): string {
  delete event.breadcrumbs;
  delete event.extra;
  let text = JSON.stringify(event);
  for (const limit of TEXT_LIMITS) {
    if (Buffer.byteLength(text) <= MAX_ITEM_BYTES) return text;
    text = JSON.stringify(event, (_key, value: unknown) => clipText(value, limit));
  }
  if (Buffer.byteLength(text) <= MAX_ITEM_BYTES) return text;
  return withoutLargestData(JSON.parse(text) as TransactionEvent);
}

function clipText(value: unknown, limit: number): unknown {
  return typeof value === "string" && value.length > limit
    ? `${value.slice(0, limit)}...`.toWellFormed()
    : value;
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
