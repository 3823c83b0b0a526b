import { NO_COUNTS } from "../delivery/http/connection-parts.js";
import type { ConnectionCounts } from "../delivery/http/connection-parts.js";
import type { ReportCounts } from "../client-reports/client-reports.js";
import type { SpoolCounts } from "../delivery/spool/spool.js";
import type { SenderStats } from "../delivery/sender-stats.js";
import type { UnansweredError } from "../delivery/http/connection-failures.js";

/** How envelopes get to the server. Zero where a transport of the application's own does not count it. */
export interface DeliveryStats {
  /** Envelopes that the server has accepted. */
  readonly envelopesSent: number;
  /** Attempts after the first of their envelope. */
  readonly retries: number;
  /** Envelopes that wait for a later attempt. */
  readonly held: number;
  readonly connectionsOpened: number;
  readonly connectionsOpen: number;
  /** Requests over connections that had been used before. */
  readonly requestsOverKeptConnections: number;
  /** Bytes of request bodies, as they went over the wire. */
  readonly bytesSent: number;
  /** Envelopes that wait, without those in flight. */
  readonly queuedItems: number;
  readonly queuedBytes: number;
  readonly inFlight: number;
  /** How long the oldest envelope has been here. */
  readonly oldestQueuedMillis: number;
  /** Files on disk, of all processes that share the directory. */
  readonly spoolFiles: number;
  readonly spoolBytes: number;
  /** What the server was told of losses, and what not yet. */
  readonly reports: ReportCounts;
  /** False while attempts fail and none has come through. */
  readonly isReachable: boolean;
}

/** What a transport counts that tries again. */
export interface AttemptCounts {
  /** Why the last attempt failed; undefined once the server has answered. */
  readonly lastError?: Error | undefined;
  /** Why what has waited longest for an answer has none yet. */
  readonly unanswered?: UnansweredError | undefined;
  readonly retries: number;
  readonly held: number;
  readonly isReachable: boolean;
}

/** The parts of a delivery that count; each may be missing. */
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

const NO_REPORTS: ReportCounts = { sent: 0, restored: 0, untold: {} };

/** Puts the counts of a delivery together. */
export function deliveryStats(counts: DeliveryCounts): DeliveryStats {
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
