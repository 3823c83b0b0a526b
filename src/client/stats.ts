import type { DiscardLedger } from "../client-reports/ledger.js";
import { REPORTED_CATEGORIES } from "../client-reports/ledger.js";
import type { ReportCounts } from "../client-reports/client-reports.js";
import type { UnansweredError } from "../delivery/http/send-failures.js";
import { NO_COUNTS } from "../delivery/http/connection-types.js";
import type { ConnectionCounts } from "../delivery/http/connection-types.js";
import type { SenderStats } from "../delivery/sender.js";
import type { SpoolCounts } from "../delivery/spool/spool.js";
import type { DataCategory, DiscardReason } from "../protocol/data-category.js";

/** Counts of spans that have not been captured as part of a transaction yet. */
export interface SpanCounts {
  /** Spans that were started. */
  readonly started: number;
  /** Spans that were started and have not ended. */
  readonly open: number;
  /** Spans that have ended and are buffered until their segment is complete. */
  readonly buffered: number;
}

/** Counts of one data category: `captured = sent + dropped + queued + spooled`, where `dropped` includes all reasons. */
export interface CategoryStats {
  /** Items that were captured, including those dropped before they were queued. */
  readonly captured: number;
  /** Items that the server accepted. */
  readonly sent: number;
  /** Items that wait for an asynchronous hook, are queued, or are in flight. */
  readonly queued: number;
  /** Items that this process has written to the spool and not read back; another process may have sent them since. */
  readonly spooled: number;
  readonly dropped: Readonly<Partial<Record<DiscardReason, number>>>;
  /** The part of `dropped` that was discarded before capture: by sampling, a filter, an error or a closed processor. */
  readonly droppedEarly: Readonly<Partial<Record<DiscardReason, number>>>;
}

/** Counts of everything that a client captured, by outcome. For spans, `started = captured + buffered + open`. */
export interface ClientStats {
  /** Counts of spans, including those that are open or buffered. */
  readonly spans: CategoryStats & SpanCounts;
  /** Counts of transactions: one per segment. */
  readonly transactions: CategoryStats;
  /** Counts of error events, including messages. */
  readonly errors: CategoryStats;
  /** All categories in which anything was captured, including the three above. */
  readonly byCategory: Readonly<Partial<Record<DataCategory, CategoryStats>>>;
  readonly delivery: DeliveryStats;
  readonly envelopesSent: number;
  readonly queuedBytes: number;
  /**
   * Bytes of everything that is held in memory: envelopes that wait or are in flight, spans of open segments, logs,
   * metrics, and events that wait for asynchronous hooks. Limited by `maxBufferedBytes`.
   */
  readonly bufferedBytes: number;
}

/** Counts from which the statistics are made. */
export interface ClientCounts extends DeliveryCounts {
  /** Items that were passed to the client, by category. */
  readonly given: Partial<Record<DataCategory, number>>;
  readonly ledger: DiscardLedger;
  /** Items that wait for an asynchronous hook, by category. */
  readonly waiting?: Partial<Record<DataCategory, number>> | undefined;
  /** Bytes that all buffers hold. */
  readonly bufferedBytes: number;
}

/** Combines the counts of a client's components. */
export function combineCounts(sources: readonly SpanCounts[], counts: ClientCounts): ClientStats {
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
    bufferedBytes: counts.bufferedBytes,
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

/** Counts of the delivery. A count that a custom transport does not keep is zero. */
export interface DeliveryStats {
  /** Envelopes that the server accepted. */
  readonly envelopesSent: number;
  /** Attempts beyond the first for an envelope. */
  readonly retries: number;
  /** Envelopes that are waiting for a retry. */
  readonly held: number;
  readonly connectionsOpened: number;
  readonly connectionsOpen: number;
  /** Requests over connections that had been used before. */
  readonly requestsOverKeptConnections: number;
  /** Bytes of request bodies, compressed as they were sent. */
  readonly bytesSent: number;
  /** Envelopes in the queue, not counting those in flight. */
  readonly queuedItems: number;
  readonly queuedBytes: number;
  readonly inFlight: number;
  /** Milliseconds for which the oldest envelope has been queued. */
  readonly oldestQueuedMillis: number;
  /** Files in the spool directory, including those of other processes that share it. */
  readonly spoolFiles: number;
  readonly spoolBytes: number;
  /** Numbers of discarded items that were reported to the server, and of those that were not yet. */
  readonly reports: ReportCounts;
  /** False from the moment when attempts fail until one succeeds. */
  readonly isReachable: boolean;
}

/** Counts and state of a transport that retries. */
export interface AttemptCounts {
  /** The error of the last attempt; undefined once the server has responded. */
  readonly lastError?: Error | undefined;
  /** The error that describes the request which has waited longest for a response. */
  readonly unanswered?: UnansweredError | undefined;
  readonly retries: number;
  readonly held: number;
  readonly isReachable: boolean;
}

/** Counts of the components of a delivery, each of which may be missing. */
export interface DeliveryCounts {
  readonly sender?: SenderStats | undefined;
  readonly connections?: ConnectionCounts | undefined;
  readonly attempts?: AttemptCounts | undefined;
  readonly spool?: SpoolCounts | undefined;
  readonly reports?: ReportCounts | undefined;
}

const NO_SENDER: Omit<SenderStats, "abandoned" | "delivered" | "queued"> = {
  queuedItems: 0,
  queuedBytes: 0,
  inFlight: 0,
  oldestQueuedMillis: 0,
  envelopesSent: 0,
};

const NO_ATTEMPTS: AttemptCounts = { retries: 0, held: 0, isReachable: true };

const NO_FILES: Omit<SpoolCounts, "spooled"> = { files: 0, bytes: 0 };

const NO_REPORTS: ReportCounts = { sent: 0, restored: 0, pending: {} };

// Combines the counts of a delivery's components.
function deliveryStats(counts: DeliveryCounts): DeliveryStats {
  const { connections = NO_COUNTS, attempts = NO_ATTEMPTS, reports = NO_REPORTS } = counts;
  const sender = counts.sender ?? NO_SENDER;
  const files = counts.spool ?? NO_FILES;
  return {
    envelopesSent: sender.envelopesSent,
    retries: attempts.retries,
    held: attempts.held,
    connectionsOpened: connections.connectionsOpened,
    connectionsOpen: connections.connectionsOpen,
    requestsOverKeptConnections: connections.requestsOverKeptConnections,
    bytesSent: connections.bytesSent,
    queuedItems: sender.queuedItems,
    queuedBytes: sender.queuedBytes,
    inFlight: sender.inFlight,
    oldestQueuedMillis: sender.oldestQueuedMillis,
    spoolFiles: files.files,
    spoolBytes: files.bytes,
    reports,
    isReachable: attempts.isReachable,
  };
}
