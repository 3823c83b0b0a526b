import type { TransactionEvent, TransactionSpan } from "../protocol/transaction-event.js";

/** Whether a hook returned a span that Relay takes: one bad span costs the whole transaction. */
export function isSpan(value: unknown): value is TransactionSpan {
  return isRecord(value) && isPeriod(value);
}

/** Whether a hook returned a transaction that Relay takes. */
export function isTransaction(value: unknown): value is TransactionEvent {
  return (
    isRecord(value) &&
    isPeriod(value) &&
    Array.isArray(value["spans"]) &&
    hasTrace(value["contexts"])
  );
}

/** Whether a value is an object and not a promise: a hook that is asynchronous has no result here. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !("then" in value) && !Array.isArray(value);
}

function isPeriod(value: Record<string, unknown>): boolean {
  const { start_timestamp: start, timestamp: end } = value;
  return typeof start === "number" && typeof end === "number" && start <= end;
}

function hasTrace(contexts: unknown): boolean {
  return isRecord(contexts) && isRecord(contexts["trace"]);
}
