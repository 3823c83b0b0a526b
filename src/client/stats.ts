import type { DiscardLedger } from "../client-reports/discard-recorder.js";
import { REPORTED_CATEGORIES } from "../client-reports/loss-table.js";
import type { DataCategory, DiscardReason } from "../protocol/data-category.js";
import { deliveryStats } from "./delivery-stats.js";
import type { DeliveryCounts, DeliveryStats } from "./delivery-stats.js";

/** Where the spans are that the client has not been given yet. */
export interface SpanCounts {
  /** Spans whose start was seen. */
  readonly started: number;
  /** Started and not ended. */
  readonly open: number;
  /** Ended, and waiting for their segment. */
  readonly buffered: number;
}

/** Counts of one category: `captured = sent + dropped + queued + spooled`, whatever the reason of a drop. */
export interface CategoryStats {
  /** What the client was given, and what was dropped before it could be. */
  readonly captured: number;
  /** What the server has accepted. */
  readonly sent: number;
  /** Items that wait for an asynchronous hook, wait to be sent, or are under way. */
  readonly queued: number;
  /** What this process has put on disk and not taken out again; another process may have sent it since. */
  readonly spooled: number;
  readonly dropped: Readonly<Partial<Record<DiscardReason, number>>>;
  /** Of `dropped`: by sampling, a filter, a fault or the end of the pipeline, before the client was given it. */
  readonly droppedEarly: Readonly<Partial<Record<DiscardReason, number>>>;
}

/** What was captured and what became of it; for spans `started = captured + buffered + open`. */
export interface ClientStats {
  readonly spans: CategoryStats & SpanCounts;
  readonly transactions: CategoryStats;
  readonly errors: CategoryStats;
  /** The categories in which anything was captured, those above among them. */
  readonly byCategory: Readonly<Partial<Record<DataCategory, CategoryStats>>>;
  readonly delivery: DeliveryStats;
  readonly envelopesSent: number;
  readonly queuedBytes: number;
}

/** What a client counts. */
export interface ClientCounts extends DeliveryCounts {
  /** What the client was given, by category. */
  readonly given: Partial<Record<DataCategory, number>>;
  readonly ledger: DiscardLedger;
  /** Items that wait for an asynchronous hook, by category. */
  readonly waiting?: Partial<Record<DataCategory, number>> | undefined;
}

/** Puts the counts of a client's parts together. */
export function countsOf(sources: readonly SpanCounts[], counts: ClientCounts): ClientStats {
  const categoryOf = categories(counts);
  const delivery = deliveryStats(counts);
  return {
    spans: { ...categoryOf("span"), ...spanCounts(sources) },
    transactions: categoryOf("transaction"),
    errors: categoryOf("error"),
    byCategory: Object.fromEntries(
      REPORTED_CATEGORIES.map((name) => [name, categoryOf(name)] as const).filter(
        ([, { captured, sent, queued, spooled }]) => captured + sent + queued + spooled > 0,
      ),
    ),
    delivery,
    envelopesSent: delivery.envelopesSent,
    queuedBytes: delivery.queuedBytes,
  };
}

function spanCounts(sources: readonly SpanCounts[]): SpanCounts {
  const sum = (key: keyof SpanCounts): number =>
    sources.reduce((total, counts) => total + counts[key], 0);
  return { started: sum("started"), open: sum("open"), buffered: sum("buffered") };
}

function categories(counts: ClientCounts): (name: DataCategory) => CategoryStats {
  const { given, ledger, waiting = {}, sender, spool } = counts;
  const dropped = ledger.snapshot();
  const droppedEarly = ledger.earlySnapshot();
  return (name) => ({
    captured: (given[name] ?? 0) + sumOf(droppedEarly[name]),
    sent: sender?.delivered[name] ?? 0,
    queued: (sender?.queued[name] ?? 0) + (waiting[name] ?? 0),
    spooled: spool?.spooled[name] ?? 0,
    dropped: dropped[name] ?? {},
    droppedEarly: droppedEarly[name] ?? {},
  });
}

function sumOf(counts: Readonly<Partial<Record<DiscardReason, number>>> = {}): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
