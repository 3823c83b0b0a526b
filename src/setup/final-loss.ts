import type { DiscardCounts } from "../client-reports/discard-recorder.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { isFaultReported } from "../support/setup-faults.js";
import type { DataCategory, DiscardReason } from "../protocol/data-category.js";
import { failureReason } from "../delivery/http/failure-messages.js";
import { HTTP_CLIENT_FAULT } from "../delivery/http/http-transport.js";
import { REFUSAL_FAULT } from "../delivery/send-outcomes.js";
import type { DeliveryCounts } from "../client/delivery-stats.js";

/** Counts of a client that ends, and where it sent to. */
export interface EndedDelivery {
  readonly counts: DeliveryCounts;
  readonly dropped: DiscardCounts;
  /** Origin that envelopes were to be sent to. */
  readonly target: string;
}

// In the order of the message. Spans go with their transactions; bytes and reports mean nothing to a person.
const NOUNS: readonly (readonly [DataCategory, singular: string, plural: string])[] = [
  ["error", "error", "errors"],
  ["transaction", "transaction", "transactions"],
  ["monitor", "check-in", "check-ins"],
  ["feedback", "feedback", "feedbacks"],
  ["log_item", "log", "logs"],
  ["trace_metric", "metric", "metrics"],
];

const REASONS: readonly DiscardReason[] = ["network_error", "closed", "queue_overflow"];

// Each of these was reported at the first envelope, and says why all are lost.
const REPORTED_BEFORE = [HTTP_CLIENT_FAULT, REFUSAL_FAULT];

/**
 * Reports what a client loses at its end because the server could not be reached. Losses while the server answers are
 * no fault of the set-up.
 */
export function reportFinalLoss(diagnostics: Diagnostics, ended: EndedDelivery): void {
  const { counts, target } = ended;
  if (counts.attempts?.isReachable !== false || REPORTED_BEFORE.some(isFaultReported)) return;
  const losses = NOUNS.flatMap(([category, singular, plural]) => {
    const quantity = lostOf(category, ended);
    return quantity === 0 ? [] : [`${quantity} ${quantity === 1 ? singular : plural}`];
  });
  if (losses.length === 0) return;
  const { lastError } = counts.attempts;
  const reason = lastError === undefined ? "the server did not answer" : failureReason(lastError);
  diagnostics.faultOnce(
    `final-loss:${target}`,
    `Lost: ${enumerated(losses)} could not be delivered to ${target}: ${reason}. Check the DSN and the network; \`transport.spoolDirectory\` keeps what cannot be sent for the next process`,
  );
}

function enumerated(parts: readonly string[]): string {
  return new Intl.ListFormat("en").format(parts);
}

function lostOf(category: DataCategory, { counts, dropped }: EndedDelivery): number {
  const byReason = dropped[category] ?? {};
  return REASONS.reduce(
    (sum, reason) => sum + (byReason[reason] ?? 0),
    counts.sender?.queued[category] ?? 0,
  );
}
