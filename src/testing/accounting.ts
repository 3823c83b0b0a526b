import type { CategoryStats, ClientStats } from "../client/stats.js";

/** Whatever can tell its counts: a client. */
export interface Accountable {
  stats(): ClientStats;
}

/**
 * Throws unless every span that was started is accounted for: sent, dropped for a reason, queued,
 * buffered or still open. Call it after each test.
 */
export function assertAccounted(client: Accountable): void {
  const { spans } = client.stats();
  const accounted = spans.sent + dropped(spans) + spans.queued + spans.buffered + spans.open;
  if (accounted !== spans.started) {
    throw new Error(
      `${spans.started} spans were started and ${accounted} are accounted for: ${JSON.stringify(spans)}`,
    );
  }
}

/** The same, and nothing may be left: all that was started has been sent or dropped for a reason. */
export function assertSettled(client: Accountable): void {
  assertAccounted(client);
  const { spans, transactions, errors } = client.stats();
  const left = spans.open + spans.buffered + spans.queued + transactions.queued + errors.queued;
  if (left !== 0) throw new Error(`${left} items are left: ${JSON.stringify(client.stats())}`);
}

/** Number of dropped items of a category, over all reasons. */
export function dropped(stats: CategoryStats): number {
  return Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
}
