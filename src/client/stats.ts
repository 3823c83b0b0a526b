import type { DiscardCounts } from "../client-reports/discard-recorder.js";
import type { DataCategory, DiscardReason } from "../protocol/data-category.js";
import type { SenderStats } from "../transport/envelope-sender.js";

/** Where the spans are that the client has not been given yet. */
export interface SpanCounts {
  /** Spans whose start was seen. */
  readonly started: number;
  /** Started and not ended. */
  readonly open: number;
  /** Ended, and waiting for their segment. */
  readonly buffered: number;
}

/** Counts of one category: what was captured is sent, dropped for a reason, or queued. */
export interface CategoryStats {
  readonly sent: number;
  readonly queued: number;
  readonly dropped: Readonly<Partial<Record<DiscardReason, number>>>;
}

/** What was captured and what became of it; for spans `started = sent + dropped + queued + buffered + open`. */
export interface ClientStats {
  readonly spans: CategoryStats & SpanCounts;
  readonly transactions: CategoryStats;
  readonly errors: CategoryStats;
  readonly envelopesSent: number;
  readonly queuedBytes: number;
}

/** Puts the counts of a client's parts together. */
export function countsOf(
  sources: readonly SpanCounts[],
  sender: SenderStats | undefined,
  discarded: DiscardCounts,
): ClientStats {
  const category = (name: DataCategory): CategoryStats => ({
    sent: sender?.delivered[name] ?? 0,
    queued: sender?.queued[name] ?? 0,
    dropped: discarded[name] ?? {},
  });
  const sum = (key: keyof SpanCounts): number =>
    sources.reduce((total, counts) => total + counts[key], 0);
  return {
    spans: {
      ...category("span"),
      started: sum("started"),
      open: sum("open"),
      buffered: sum("buffered"),
    },
    transactions: category("transaction"),
    errors: category("error"),
    envelopesSent: sender?.envelopesSent ?? 0,
    queuedBytes: sender?.queuedBytes ?? 0,
  };
}
