/** A Sentry data category, by which rate limits and client reports count items. */
export type DataCategory =
  | "attachment"
  | "default"
  | "error"
  | "feedback"
  | "internal"
  | "log_byte"
  | "log_item"
  | "monitor"
  | "session"
  | "span"
  | "trace_metric"
  | "transaction";

/** A discard reason of Sentry's client reports (https://develop.sentry.dev/sdk/telemetry/client-reports/). */
export type ReportedReason =
  | "backpressure"
  | "before_send"
  | "buffer_overflow"
  | "cache_overflow"
  | "event_processor"
  | "ignored"
  | "insufficient_data"
  | "internal_sdk_error"
  | "invalid"
  | "network_error"
  | "queue_overflow"
  | "ratelimit_backoff"
  | "sample_rate"
  | "send_error";

/**
 * A discard reason that is counted in this process but not reported to the server:
 * - `closed`: captured after `close()`, or still waiting when its timeout ended.
 * - `disabled`: there is no DSN.
 * - `rate_limited`: the server answered 429, and has counted the item itself.
 * - `reentrant`: captured by a logger, hook or custom transport that this package was calling.
 * - `superseded`: an `in_progress` check-in that had to leave the queue or the spool while the final check-in of its run was
 *   waiting. No data is lost.
 */
export type LocalReason = "closed" | "disabled" | "rate_limited" | "reentrant" | "superseded";

/** The reason for which an item was not delivered. */
export type DiscardReason = LocalReason | ReportedReason;

/** A number of items of one category, for example the spans in an envelope. */
export interface ItemCount {
  readonly category: DataCategory;
  readonly quantity: number;
}

/** The items to count for an envelope with a check-in. */
export const ONE_CHECK_IN: readonly ItemCount[] = [{ category: "monitor", quantity: 1 }];

/** The items to count for an envelope with user feedback. */
export const ONE_FEEDBACK: readonly ItemCount[] = [{ category: "feedback", quantity: 1 }];

/** The items to count for an envelope with an error event. */
export const ONE_ERROR: readonly ItemCount[] = [{ category: "error", quantity: 1 }];

/** Returns the items to count for an envelope with a transaction of `spanCount` spans. */
export function transactionContents(spanCount: number): readonly ItemCount[] {
  return [
    { category: "transaction", quantity: 1 },
    { category: "span", quantity: spanCount },
  ];
}

/** Sums item counts by category. */
export class ItemCounter {
  readonly #counts: Partial<Record<DataCategory, number>> = {};

  add(contents: readonly ItemCount[]): void {
    for (const { category, quantity } of contents) {
      this.#counts[category] = (this.#counts[category] ?? 0) + quantity;
    }
  }

  /** Returns a copy of the sums so far; categories without items are absent. */
  counts(): Partial<Record<DataCategory, number>> {
    return { ...this.#counts };
  }
}

// Check-ins come before errors: if a flood of errors evicted the final check-in of a job, Sentry would raise a false alarm.
const PRIORITY: Readonly<Record<DataCategory, number>> = {
  monitor: 0,
  session: 1,
  error: 1,
  feedback: 2,
  transaction: 3,
  span: 4,
  attachment: 5,
  default: 5,
  internal: 5,
  log_byte: 5,
  log_item: 5,
  trace_metric: 5,
};

/** Number of priorities, for the queue in memory and for the spool. */
export const PRIORITIES = 6;

/** Returns the priority of a category: 0 is sent first and evicted last. */
export function priorityOf(category: DataCategory): number {
  return PRIORITY[category];
}

/** Tells whether envelopes of a category must not wait behind transactions. */
export function isUrgentCategory(category: DataCategory): boolean {
  return PRIORITY[category] <= PRIORITY.error;
}

/** Tells whether a string is the name of a category that this version knows. */
export function isDataCategory(text: string): text is DataCategory {
  return Object.hasOwn(PRIORITY, text);
}
