import { isRecord } from "../normalize/foreign.js";
import type { TransactionEvent, TransactionSpan } from "../protocol/transaction-event.js";

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

/** Tells whether a hook returned a span that Relay takes: one bad span costs the whole transaction. */
export function isSpan(value: unknown): value is TransactionSpan {
  return isRecord(value) && isPeriod(value) && hasIds(value);
}

/** Tells whether a hook returned a transaction that Relay takes, but for its spans. */
export function isTransaction(value: unknown): value is TransactionEvent {
  if (!isRecord(value) || !isPeriod(value) || !Array.isArray(value["spans"])) return false;
  const { contexts } = value;
  return isRecord(contexts) && isRecord(contexts["trace"]) && hasIds(contexts["trace"]);
}

/** The value that JSON shows of an object with `toJSON`, such as a `Date`; any other value as it is. */
export function plainValue(value: unknown): unknown {
  const isConverted = typeof value === "object" && value !== null && "toJSON" in value;
  return isConverted && typeof value.toJSON === "function" ? value.toJSON() : value;
}

function isPeriod({ start_timestamp: start, timestamp: end }: Record<string, unknown>): boolean {
  return Number.isFinite(start) && Number.isFinite(end) && Number(start) <= Number(end);
}

/** Tells whether a span or trace context names a trace and a span by ids that Relay takes. */
export function hasIds({ trace_id: traceId, span_id: spanId }: Record<string, unknown>): boolean {
  return TRACE_ID.test(String(traceId)) && isSpanId(spanId);
}

/** Tells whether a value is the id of a span that Relay takes. */
export function isSpanId(value: unknown): boolean {
  return SPAN_ID.test(String(value));
}
