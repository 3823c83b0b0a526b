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
