/** @typedef {import("otel-sentry-bridge").ClientStats} ClientStats */
/** @typedef {import("../../test/faults/server-protocol.ts").ServerReport} ServerReport */

// What was processed may have lost its answer, which a reset takes along even when it has arrived: then
// the server has more than the client knows of, but only of what the client gave up or still holds, or
// was refused when it came again.
const REASONS_AFTER_SENDING = [
  "cache_overflow",
  "closed",
  "network_error",
  "queue_overflow",
  "rate_limited",
  "send_error",
];

/**
 * Returns what does not add up in the counts of one client, which are exact at any moment.
 * @param {ClientStats} stats
 * @param {{ errors: number; spans: number; transactions: number }} captured by the application
 */
export function clientViolations(stats, captured) {
  const { spans, transactions, errors, byCategory } = stats;
  return [
    ...Object.entries(byCategory).flatMap(([category, counts]) =>
      difference(
        `${category}: accounted for, of what was captured`,
        accounted(counts),
        counts.captured,
      ),
    ),
    ...difference("spans: started, of what the application made", spans.started, captured.spans),
    ...difference(
      "spans: captured, buffered and open, of what was started",
      spans.captured + spans.buffered + spans.open,
      spans.started,
    ),
    ...difference(
      "errors: captured, of what the application made",
      errors.captured,
      captured.errors,
    ),
    // A large one is several, so there may be more. One that waits for others still has its spans in the buffer.
    ...excess(
      "transactions: made by the application, of what was captured or is buffered",
      captured.transactions,
      transactions.captured + spans.buffered,
    ),
  ];
}

/**
 * What does not fit between all clients and what the server has seen, once the clients are closed.
 * @param {readonly ClientStats[]} all
 * @param {ServerReport} report
 */
export function serverViolations(all, report) {
  const categories = new Set(
    [report.processed, ...all.map((stats) => stats.byCategory)].flatMap(Object.keys),
  );
  categories.delete("internal");
  return [
    ...payloadViolations(report),
    ...[...categories].flatMap((category) => categoryViolations(category, all, report)),
  ];
}

/** @param {ServerReport} report */
export function payloadViolations({ faults, events }) {
  return [
    ...faults.map((fault) => `malformed: ${fault}`),
    ...difference("ids that came again with another payload", events.differing, 0),
  ];
}

/**
 * Quantities by reason, of one category, over all clients.
 * @param {string} category
 * @param {readonly ClientStats[]} all
 */
export function droppedOf(category, all) {
  const sums = {};
  for (const { byCategory } of all) {
    for (const [reason, count] of Object.entries(byCategory[category]?.dropped ?? {}))
      sums[reason] = (sums[reason] ?? 0) + count;
  }
  return sums;
}

function categoryViolations(category, all, report) {
  const of = (key) => all.reduce((sum, stats) => sum + (stats.byCategory[category]?.[key] ?? 0), 0);
  const dropped = droppedOf(category, all);
  const processed = report.processed[category] ?? 0;
  const surplus = processed - of("sent");
  const held = of("queued") + of("spooled");
  const givenUp = REASONS_AFTER_SENDING.reduce((sum, reason) => sum + (dropped[reason] ?? 0), held);
  return [
    ...excess(`${category}: counts as delivered, of what was processed`, of("sent"), processed),
    ...excess(
      `${category}: processed unknown to the client, of what it gave up or holds`,
      surplus,
      givenUp,
    ),
  ];
}

function accounted({ sent, queued, spooled, dropped }) {
  return total(dropped) + sent + queued + spooled;
}

function total(counts) {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function difference(what, actual, expected) {
  return actual === expected ? [] : [`${what}: ${actual} of ${expected}`];
}

function excess(what, actual, most) {
  return actual <= most ? [] : [`${what}: ${actual} of at most ${most}`];
}
