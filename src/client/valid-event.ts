import { firstOf, isList, isRecord, ownEntries } from "../support/foreign.js";
import type { TransactionEvent, TransactionSpan } from "../protocol/events.js";

/** Spans that Relay accepts in a transaction; no more are read from a hook's result. */
const MAX_SPANS = 1000;

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

/** Tells whether Relay accepts the span that a hook returned. One invalid span would cost the whole transaction. */
export function isValidSpan(value: unknown): value is TransactionSpan {
  return isRecord(value) && isPeriod(value) && hasValidIds(value);
}

/** Tells whether Relay accepts the transaction that a hook returned; its spans are not checked. */
export function isValidTransaction(value: unknown): value is TransactionEvent {
  if (!isRecord(value) || !isPeriod(value) || !isList(value["spans"])) return false;
  const { contexts } = value;
  return isRecord(contexts) && isRecord(contexts["trace"]) && hasValidIds(contexts["trace"]);
}

/** Returns the valid spans among the first 1000 of a transaction. */
export function validSpansOf({ spans }: TransactionEvent): TransactionSpan[] {
  return firstOf(spans, MAX_SPANS).filter(isValidSpan);
}

/** Properties that are read of an event that a hook returned; the protocol defines about 40. */
const MAX_FIELDS = 200;

/** Copies an event that a hook returned, up to `MAX_FIELDS` properties. */
export function copyEvent<Event extends object>(event: Event): Event {
  return Object.fromEntries(ownEntries<unknown>(event, MAX_FIELDS)) as Event;
}

/** Returns the result of `toJSON` if the value has such a method, as a `Date` does; otherwise the value itself. */
export function jsonFormOf(value: unknown): unknown {
  const isConverted = typeof value === "object" && value !== null && "toJSON" in value;
  return isConverted && typeof value.toJSON === "function" ? value.toJSON() : value;
}

function isPeriod({ start_timestamp: start, timestamp: end }: Record<string, unknown>): boolean {
  return Number.isFinite(start) && Number.isFinite(end) && Number(start) <= Number(end);
}

/** Tells whether a span or trace context has valid trace and span ids. */
export function hasValidIds({
  trace_id: traceId,
  span_id: spanId,
}: Record<string, unknown>): boolean {
  return typeof traceId === "string" && TRACE_ID.test(traceId) && isSpanId(spanId);
}

/** Tells whether the value is a valid span id. */
export function isSpanId(value: unknown): boolean {
  return typeof value === "string" && SPAN_ID.test(value);
}
