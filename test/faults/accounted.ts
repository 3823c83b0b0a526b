import { expect } from "vitest";

import type { DiscardCounts } from "../../src/client-reports/ledger.js";
import type { ClientStats } from "../../src/client/stats.js";
import type { DataCategory, DiscardReason } from "../../src/protocol/data-category.js";
import type { FaultServer } from "./kit.js";
import type { Quantities, ServerReport } from "./server-protocol.js";

/** What the client's side says about everything that was captured, by category. */
export interface ClientAccounting {
  readonly captured: Quantities;
  /** What the client calls delivered. */
  readonly delivered: Quantities;
  readonly queued: Quantities;
  readonly spooled: Quantities;
  readonly dropped: DiscardCounts;
}

/** What the script made of outcomes and reports. */
export interface Accounting {
  /**
   * Whether the server may have processed envelopes without the client's knowing: it did so before a
   * reset, or its answer was not waited for. Default false.
   */
  readonly hasUnknownOutcomes?: boolean;
  /** Whether the client's reports have all arrived. Default false: some may still be under way, or lost. */
  readonly areReportsComplete?: boolean;
}

// Counted by the client only: by specification the server is never told of these.
const LOCAL_REASONS: ReadonlySet<string> = new Set<DiscardReason>([
  "closed",
  "disabled",
  "rate_limited",
  "superseded",
]);

// What the client gave up may have arrived when it had been sent before.
const REASONS_AFTER_SENDING = [
  "network_error",
  "closed",
  "cache_overflow",
  "queue_overflow",
] as const;

/**
 * Asserts `captured = delivered + dropped + queued + spooled`, for each category, and that the
 * server's side agrees:
 *
 * - The client's own counts are always exact.
 * - What the client calls delivered was processed: `processed >= delivered`, each event id once.
 * - Where all outcomes are known, `processed = delivered`, and what was answered with 429 is what the
 *   client counts as `rate_limited`.
 * - Where not, the surplus `processed - delivered` is at most what the server processed and never
 *   answered, and at most what the client gave up on, has queued or has spooled after it was sent.
 * - An id that came again had the same payload, byte for byte; nothing was malformed.
 * - The server was told of no more losses than there were, and of all of them where the reports are
 *   complete: then `captured = processed + reported + limited + local losses + queued + spooled`, but
 *   for that surplus.
 */
export async function expectAccounted(
  client: ClientAccounting,
  server: FaultServer | ServerReport,
  accounting: Accounting = {},
): Promise<void> {
  const seen = "report" in server ? await server.report() : server;
  expect(violations(client, seen, accounting)).toEqual([]);
}

/** What became of what was captured; what is zero is left out, so that `toEqual` fits. */
export function outcomeOf({ delivered, dropped }: ClientAccounting): {
  delivered: Quantities;
  dropped: DiscardCounts;
} {
  const reasons = Object.entries(dropped).map(([category, counts]) => [
    category,
    withoutZeros(counts),
  ]);
  return {
    delivered: withoutZeros(delivered),
    dropped: Object.fromEntries(
      reasons.filter(([, counts]) => Object.keys(counts ?? {}).length > 0),
    ) as DiscardCounts,
  };
}

function withoutZeros<T extends object>(counts: T): T {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as T;
}

/** What does not add up, in words; see `expectAccounted`. */
export function violations(
  client: ClientAccounting,
  server: ServerReport,
  accounting: Accounting = {},
): string[] {
  return [
    ...server.faults.map((fault) => `malformed: ${fault}`),
    ...difference("repeated ids with another payload", server.events.differing, 0),
    ...categoriesOf(client, server).flatMap((category) => {
      const counts = countsOf(category, client, server);
      return [
        ...clientViolations(counts),
        ...serverViolations(counts, accounting),
        ...reportViolations(counts, accounting),
      ];
    }),
  ];
}

/** The accounting of a client, which counts spans, transactions and errors. */
export function accountingOf(
  { spans, transactions, errors }: ClientStats,
  captured: Quantities,
): ClientAccounting {
  return {
    captured,
    delivered: { span: spans.sent, transaction: transactions.sent, error: errors.sent },
    queued: {
      span: spans.queued + spans.open + spans.buffered,
      transaction: transactions.queued,
      error: errors.queued,
    },
    spooled: { span: spans.spooled, transaction: transactions.spooled, error: errors.spooled },
    dropped: { span: spans.dropped, transaction: transactions.dropped, error: errors.dropped },
  };
}

interface CategoryCounts {
  readonly category: DataCategory;
  readonly captured: number;
  readonly delivered: number;
  readonly queued: number;
  readonly spooled: number;
  readonly dropped: Readonly<Partial<Record<DiscardReason, number>>>;
  readonly processed: number;
  readonly unanswered: number;
  readonly limited: number;
  readonly reported: Readonly<Partial<Record<DiscardReason, number>>>;
}

function countsOf(
  category: DataCategory,
  client: ClientAccounting,
  server: ServerReport,
): CategoryCounts {
  return {
    category,
    captured: client.captured[category] ?? 0,
    delivered: client.delivered[category] ?? 0,
    queued: client.queued[category] ?? 0,
    spooled: client.spooled[category] ?? 0,
    dropped: client.dropped[category] ?? {},
    processed: server.processed[category] ?? 0,
    unanswered: server.unanswered[category] ?? 0,
    limited: server.limited[category] ?? 0,
    reported: server.reports.quantities[category] ?? {},
  };
}

function clientViolations(counts: CategoryCounts): string[] {
  const { category, captured, delivered, queued, spooled, dropped } = counts;
  const accounted = delivered + sum(dropped) + queued + spooled;
  return difference(
    `${category}: accounted for by the client, of what was captured`,
    accounted,
    captured,
  );
}

function serverViolations(
  counts: CategoryCounts,
  { hasUnknownOutcomes = false }: Accounting,
): string[] {
  const { category, delivered, processed, limited, dropped } = counts;
  if (!hasUnknownOutcomes) {
    return [
      ...difference(`${category}: processed, of what counts as delivered`, processed, delivered),
      ...difference(
        `${category}: answered with 429, of what counts as limited`,
        limited,
        dropped.rate_limited ?? 0,
      ),
    ];
  }
  const surplus = processed - delivered;
  return [
    ...excess(`${category}: counts as delivered, of what was processed`, delivered, processed),
    ...excess(
      `${category}: processed unknown to the client, of what was not answered`,
      surplus,
      counts.unanswered,
    ),
    ...excess(
      `${category}: processed unknown to the client, of what it gave up or holds`,
      surplus,
      givenUp(counts),
    ),
  ];
}

function reportViolations(
  { category, dropped, reported }: CategoryCounts,
  { areReportsComplete = false }: Accounting,
): string[] {
  const reasons = new Set([...Object.keys(dropped), ...Object.keys(reported)] as DiscardReason[]);
  return [...reasons].flatMap((reason) => {
    const lost = LOCAL_REASONS.has(reason) ? 0 : (dropped[reason] ?? 0);
    const told = reported[reason] ?? 0;
    const what = `${category}: reported as ${reason}, of what was lost`;
    return areReportsComplete ? difference(what, told, lost) : excess(what, told, lost);
  });
}

function givenUp({ dropped, queued, spooled }: CategoryCounts): number {
  const lost = REASONS_AFTER_SENDING.reduce((total, reason) => total + (dropped[reason] ?? 0), 0);
  return lost + queued + spooled;
}

// Reports of the client itself are no items of the application.
function categoriesOf(client: ClientAccounting, server: ServerReport): DataCategory[] {
  const all = [
    client.captured,
    client.delivered,
    client.queued,
    client.spooled,
    client.dropped,
    server.processed,
    server.limited,
    server.reports.quantities,
  ].flatMap((part) => Object.keys(part) as DataCategory[]);
  return [...new Set(all)].filter((category) => category !== "internal");
}

function sum(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values<number | undefined>(counts).reduce<number>(
    (total, count) => total + (count ?? 0),
    0,
  );
}

function difference(what: string, actual: number, expected: number): string[] {
  return actual === expected ? [] : [`${what}: ${actual} of ${expected}`];
}

function excess(what: string, actual: number, most: number): string[] {
  return actual <= most ? [] : [`${what}: ${actual} of at most ${most}`];
}
