import { firstOf, isList, isRecord, ownEntries } from "../support/foreign.js";
import type { TransactionEvent, TransactionSpan } from "../protocol/transaction-event.js";

/** Spans that Relay takes of a transaction, and that are read of a hook's result. */
const MAX_SPANS = 1000;

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

/** Tells whether a hook returned a span that Relay takes: one bad span costs the whole transaction. */
export function isSpan(value: unknown): value is TransactionSpan {
  return isRecord(value) && isPeriod(value) && hasIds(value);
}

/** Tells whether a hook returned a transaction that Relay takes, but for its spans. */
export function isTransaction(value: unknown): value is TransactionEvent {
  if (!isRecord(value) || !isPeriod(value) || !isList(value["spans"])) return false;
  const { contexts } = value;
  return isRecord(contexts) && isRecord(contexts["trace"]) && hasIds(contexts["trace"]);
}

/** The valid spans of a hook's transaction, of the first 1000. */
export function spansOf({ spans }: TransactionEvent): TransactionSpan[] {
  return firstOf(spans, MAX_SPANS).filter(isSpan);
}

/** Members that are read of an event that a hook returned; the protocol has 40. */
const MAX_MEMBERS = 200;

/** A copy of an event that a hook returned, of a bounded number of members. */
export function eventCopy<Event extends object>(event: Event): Event {
  return Object.fromEntries(ownEntries<unknown>(event, MAX_MEMBERS)) as Event;
}

/** The value that JSON shows of an object with `toJSON`, such as a `Date`; any other value as it is. */
export function jsonFormOf(value: unknown): unknown {
  const isConverted = typeof value === "object" && value !== null && "toJSON" in value;
  return isConverted && typeof value.toJSON === "function" ? value.toJSON() : value;
}

function isPeriod({ start_timestamp: start, timestamp: end }: Record<string, unknown>): boolean {
  return Number.isFinite(start) && Number.isFinite(end) && Number(start) <= Number(end);
}

/** Tells whether a span or trace context names a trace and a span by ids that Relay takes. */
export function hasIds({ trace_id: traceId, span_id: spanId }: Record<string, unknown>): boolean {
  return typeof traceId === "string" && TRACE_ID.test(traceId) && isSpanId(spanId);
}

/** Tells whether a value is the id of a span that Relay takes. */
export function isSpanId(value: unknown): boolean {
  return typeof value === "string" && SPAN_ID.test(value);
}
