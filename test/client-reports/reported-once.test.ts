import fc from "fast-check";
import { expect, it } from "vitest";

import { createClientReports } from "../../src/client-reports/client-reports.js";
import type { ClientReport, ClientReports } from "../../src/client-reports/client-reports.js";
import { DiscardLedger } from "../../src/client-reports/ledger.js";
import type { DiscardCounts, PendingCounts } from "../../src/client-reports/ledger.js";
import type { DataCategory, ReportedReason } from "../../src/protocol/data-category.js";
import {
  LOCAL_REASONS,
  REPORTED_CATEGORIES,
  REPORTED_REASONS,
  Sums,
  items,
} from "./reports-kit.js";

interface Outcome {
  readonly told: Readonly<Record<string, number>>;
  readonly accounting: Readonly<Record<string, number>>;
  readonly pending: PendingCounts;
  readonly isPending: boolean;
}

/** The expected sums, next to the actual ones. */
class Model {
  readonly #ledger = new DiscardLedger();
  readonly #reports: ClientReports = createClientReports({
    ledger: this.#ledger,
    wallNow: () => 0,
  });
  readonly #own = new Sums();
  readonly #due = new Sums();
  readonly #told = new Sums();
  /** Reports that are under way. */
  readonly #out: ClientReport[] = [];
  #now = 0;

  recordLocal(reason: (typeof LOCAL_REASONS)[number], category: DataCategory): void {
    this.#ledger.record(reason, items(category));
    this.#own.add(reason, category, 1);
  }

  record(reason: ReportedReason, category: DataCategory, quantity: number): void {
    this.#ledger.record(reason, items(category, quantity));
    if (quantity > 0) this.#own.add(reason, category, quantity);
    this.#expectTold(reason, category, quantity);
  }

  recordForeign(reason: ReportedReason, category: DataCategory, quantity: number): void {
    this.#ledger.recordForeign(reason, items(category, quantity));
    this.#expectTold(reason, category, quantity);
  }

  take(millis: number): void {
    this.#now += millis;
    this.#send(this.#reports.take(this.#now));
  }

  takeNow(): void {
    this.#send(this.#reports.takeNow());
  }

  answer(at: number, isDelivered: boolean): void {
    const [report] = this.#out.splice(at % Math.max(1, this.#out.length), 1);
    if (report === undefined) return;
    if (isDelivered) this.#told.addReport(report);
    else this.#reports.restore(report);
  }

  /** Delivers the remaining reports; returns the actual and the expected result. */
  settle(): { actual: Outcome; expected: Outcome } {
    for (const report of this.#out) this.#told.addReport(report);
    for (let rest = this.#reports.takeNow(); rest; rest = this.#reports.takeNow())
      this.#told.addReport(rest);
    const accounting = sumsOf(this.#ledger.snapshot());
    const pending = this.#ledger.pending();
    return {
      actual: {
        told: this.#told.entries(),
        accounting,
        pending,
        isPending: this.#reports.hasPending,
      },
      expected: {
        told: this.#due.entries(),
        accounting: this.#own.entries(),
        pending: {},
        isPending: false,
      },
    };
  }

  #send(report: ClientReport | undefined): void {
    if (report !== undefined) this.#out.push(report);
  }

  #expectTold(reason: ReportedReason, category: DataCategory, quantity: number): void {
    if (category !== "internal" && quantity > 0) this.#due.add(reason, category, quantity);
  }
}

function sumsOf(counts: DiscardCounts): Record<string, number> {
  const sums = new Sums();
  for (const [category, byReason] of Object.entries(counts))
    for (const [reason, sum] of Object.entries(byReason))
      sums.add(reason as ReportedReason, category as DataCategory, sum);
  return sums.entries();
}

type Step = (model: Model) => void;

const reason = fc.constantFrom(...REPORTED_REASONS);
const category = fc.constantFrom<DataCategory>("internal", ...REPORTED_CATEGORIES);
const quantity = fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 2 ** 34 }));
const loss = fc.tuple(reason, category, quantity);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: loss.map(
      (one): Step =>
        (model) =>
          model.record(...one),
    ),
  },
  {
    weight: 2,
    arbitrary: loss.map(
      (one): Step =>
        (model) =>
          model.recordForeign(...one),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...LOCAL_REASONS), category).map(
      (one): Step =>
        (model) =>
          model.recordLocal(...one),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(40_000).map(
      (millis): Step =>
        (model) =>
          model.take(millis),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((model) => model.takeNow()) },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.nat(), fc.boolean()).map(
      (one): Step =>
        (model) =>
          model.answer(...one),
    ),
  },
);

it("each loss is reported exactly once, in any order of losses, reports and restored reports", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
      const model = new Model();
      for (const run of steps) run(model);
      const { actual, expected } = model.settle();
      expect(actual).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
