import type { CategoryStats, ClientStats } from "../client/stats.js";

/** Whatever can tell its counts: a client. */
export interface Accountable {
  stats(): ClientStats;
}

/**
 * Throws unless everything is accounted for: each span that was started is captured, buffered or still
 * open, and whatever was captured is sent, dropped for a reason, queued or spooled. Call it after each test.
 */
export function assertAccounted(client: Accountable): void {
  const { spans, byCategory } = client.stats();
  const known = spans.captured + spans.buffered + spans.open;
  if (known !== spans.started) {
    throw new Error(
      `${spans.started} spans were started and ${known} are accounted for: ${JSON.stringify(spans)}`,
    );
  }
  for (const [category, stats] of Object.entries(byCategory)) assertBalanced(category, stats);
}

/** The same, and nothing may be left: all that was started has been sent, spooled, or dropped for a reason. */
export function assertSettled(client: Accountable): void {
  assertAccounted(client);
  const { spans, byCategory } = client.stats();
  const queued = Object.values(byCategory).reduce((sum, stats) => sum + stats.queued, 0);
  const left = spans.open + spans.buffered + queued;
  if (left !== 0) throw new Error(`${left} items are left: ${JSON.stringify(client.stats())}`);
}

/** Number of dropped items of a category, over all reasons. */
export function dropped(stats: Pick<CategoryStats, "dropped">): number {
  return Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
}

function assertBalanced(category: string, stats: CategoryStats): void {
  const accounted = stats.sent + dropped(stats) + stats.queued + stats.spooled;
  if (accounted !== stats.captured) {
    throw new Error(
      `${stats.captured} \`${category}\` items were captured and ${accounted} are accounted for: ${JSON.stringify(stats)}`,
    );
  }
}
