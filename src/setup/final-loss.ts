import type { DiscardCounts } from "../client-reports/ledger.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { isFaultReported } from "../support/setup-faults.js";
import type { DataCategory, DiscardReason } from "../protocol/data-category.js";
import { failureReason, isRefusal } from "../delivery/http/send-failures.js";
import { REFUSAL_FAULT } from "../delivery/send-outcomes.js";
import { STALL_MILLIS } from "../delivery/send-slots.js";
import type { DeliveryCounts } from "../client/stats.js";

/** Counts of a client at its end, and its destination. */
export interface EndedDelivery {
  readonly counts: DeliveryCounts;
  readonly dropped: DiscardCounts;
  /** Origin of the server; empty for a custom transport. */
  readonly target: string;
  /** True if the client was closed; false if the process ended without `close`. */
  readonly isClosed: boolean;
  readonly shutdownTimeoutMillis: number;
}

// Item categories with their names, in the order of the message. Spans are lost with their transactions, so they are
// not listed; neither are bytes and client reports, which do not help a reader.
const NOUNS: readonly (readonly [DataCategory, singular: string, plural: string])[] = [
  ["error", "error", "errors"],
  ["transaction", "transaction", "transactions"],
  ["monitor", "check-in", "check-ins"],
  ["feedback", "feedback", "feedbacks"],
  ["log_item", "log", "logs"],
  ["trace_metric", "metric", "metrics"],
];

// Reasons for items that were lost in an outage before the end.
const OUTAGE_REASONS: readonly DiscardReason[] = ["network_error", "queue_overflow"];

const CHECK_SERVER = "Check the DSN and the network";

/**
 * Reports what a client loses at its end, and why: everything that was not sent in time and, if the server is
 * unreachable, the earlier losses of the outage.
 */
export function reportFinalLoss(diagnostics: Diagnostics, ended: EndedDelivery): void {
  if (isExplained(ended)) return;
  let total = 0;
  const losses = NOUNS.flatMap(([category, singular, plural]) => {
    const quantity = lostOf(category, ended);
    total += quantity;
    return quantity === 0 ? [] : [`${quantity} ${quantity === 1 ? singular : plural}`];
  });
  if (total === 0) return;
  const { cause, remedy } = causeOf(ended, total === 1 ? "it was sent" : "they were sent");
  const target = ended.target === "" ? "the transport" : ended.target;
  diagnostics.faultOnce(
    `final-loss:${target}`,
    `Lost: ${enumerated(losses)} could not be delivered to ${target}: ${cause}. ${remedy}; ${spoolHint(ended)}`,
  );
}

function spoolHint({ counts }: EndedDelivery): string {
  return counts.spool === undefined
    ? "with `spool`, unsent envelopes are kept for the next process"
    : "they could not be kept in the spool directory either";
}

// True for losses whose cause was already reported at the first envelope. A refusal does not explain the losses of
// another client, nor those after a connection was made.
function isExplained({ counts }: EndedDelivery): boolean {
  const { lastError } = counts.attempts ?? {};
  return isRefusal(lastError) && isFaultReported(REFUSAL_FAULT);
}

interface Cause {
  readonly cause: string;
  readonly remedy: string;
}

function causeOf(
  { counts, isClosed, shutdownTimeoutMillis }: EndedDelivery,
  sending: string,
): Cause {
  const { isReachable = true, lastError, unanswered } = counts.attempts ?? {};
  if (!isReachable && lastError !== undefined)
    return { cause: failureReason(lastError), remedy: CHECK_SERVER };
  // If less time has passed, a response may still be on its way.
  const leastMillis = Math.min(STALL_MILLIS, shutdownTimeoutMillis / 2);
  if (unanswered !== undefined && unanswered.waitedMillis >= leastMillis)
    return { cause: unanswered.message, remedy: CHECK_SERVER };
  return isClosed
    ? {
        cause: `the time-out of \`close\` ended before ${sending}`,
        remedy: "Allow more time with `shutdownTimeoutMillis`",
      }
    : {
        cause: `the process ended before ${sending}`,
        remedy: "Await `close()` before `process.exit()`",
      };
}

function enumerated(parts: readonly string[]): string {
  return new Intl.ListFormat("en").format(parts);
}

function lostOf(category: DataCategory, { counts, dropped }: EndedDelivery): number {
  const { abandoned = {}, queued = {} } = counts.sender ?? {};
  const atEnd = (abandoned[category] ?? 0) + (queued[category] ?? 0);
  if (counts.attempts?.isReachable !== false) return atEnd;
  const byReason = dropped[category] ?? {};
  return OUTAGE_REASONS.reduce((sum, reason) => sum + (byReason[reason] ?? 0), atEnd);
}
