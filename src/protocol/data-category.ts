/** What a lost item is counted as (protocol: rate-limit and client-report data categories). */
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

/** Why an item was not delivered: the reasons of Sentry's client-report specification. */
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
 * Reasons that are counted here and never reported to the server: it answered 429 and counted by
 * itself, there is no DSN, the item came after `close()`, it was captured by a logger, a hook or a transport while this
 * package was calling that, or it is an `in_progress` check-in that
 * was still waiting when the end of its run was there, and so no loss.
 */
export type LocalReason = "closed" | "disabled" | "rate_limited" | "reentrant" | "superseded";

export type DiscardReason = LocalReason | ReportedReason;

/** How many units of a category an envelope carries, and so what losing it costs. */
export interface ItemCount {
  readonly category: DataCategory;
  readonly quantity: number;
}

// Items that are lost with an envelope.

export const ONE_CHECK_IN: readonly ItemCount[] = [{ category: "monitor", quantity: 1 }];

export const ONE_FEEDBACK: readonly ItemCount[] = [{ category: "feedback", quantity: 1 }];

export const ONE_ERROR: readonly ItemCount[] = [{ category: "error", quantity: 1 }];

/** Counts the items that are lost with a transaction of so many spans. */
export function transactionContents(spanCount: number): readonly ItemCount[] {
  return [
    { category: "transaction", quantity: 1 },
    { category: "span", quantity: spanCount },
  ];
}

/** Adds up items by category. */
export class ItemCounter {
  readonly #counts: Partial<Record<DataCategory, number>> = {};

  add(contents: readonly ItemCount[]): void {
    for (const { category, quantity } of contents) {
      this.#counts[category] = (this.#counts[category] ?? 0) + quantity;
    }
  }

  /** A copy of the sums so far; a category without items is absent. */
  counts(): Partial<Record<DataCategory, number>> {
    return { ...this.#counts };
  }
}

// Check-ins have a lane of their own: a flood of errors must not evict the end of a job, which would be a false alarm.
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

/** Number of priorities, in memory and on disk. */
export const PRIORITIES = 6;

/** Priority of items of a category: 0 is sent first and evicted last. */
export function priorityOf(category: DataCategory): number {
  return PRIORITY[category];
}

/** Tells whether a text names a category that this version knows. */
export function isDataCategory(text: string): text is DataCategory {
  return Object.hasOwn(PRIORITY, text);
}
