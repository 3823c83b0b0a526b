import type {
  DataCategory,
  DiscardReason,
  ItemCount,
  ReportedReason,
} from "../protocol/data-category.js";
import { LossTable, isCount, isReportedCategory } from "./loss-table.js";
import type { Loss, ReportedLoss } from "./loss-table.js";

/** What a part that may lose items is given: it can record, and nothing else. */
export interface DiscardRecorder {
  record(reason: DiscardReason, contents: readonly ItemCount[]): void;
}

/** Counts by category, then by reason. */
export type DiscardCounts = Partial<Record<DataCategory, Partial<Record<DiscardReason, number>>>>;

/** Counts by category of what the server has not been told. */
export type UntoldCounts = Partial<Record<DataCategory, number>>;

// What Relay reads a quantity as: one that is larger makes it refuse the whole report.
const MAX_QUANTITY = 2 ** 32 - 1;

/**
 * Counts every lost item by category and reason, from the client's start on, and keeps what the
 * server has not been told of yet.
 */
export class DiscardLedger implements DiscardRecorder {
  readonly #losses = new LossTable();
  #untold = 0;
  #onUntold: (() => void) | undefined;

  /** For parts that lose what no client has captured yet: the same books, and a count of its own. */
  readonly early: DiscardRecorder = {
    record: (reason, contents) => {
      for (const item of contents) {
        this.#record(reason, item, item.quantity);
      }
    },
  };

  record(reason: DiscardReason, contents: readonly ItemCount[]): void {
    for (const item of contents) this.#record(reason, item);
  }

  /**
   * Takes on losses of items that another process captured: the server is told of them, but they are
   * not in this process's counts.
   */
  recordForeign(reason: ReportedReason, contents: readonly ItemCount[]): void {
    for (const item of contents) {
      if (!isCount(item) || !isReportedCategory(item.category)) continue;
      this.#addUntold(this.#losses.of(reason, item.category), item.quantity);
    }
  }

  /** A copy of the counts so far. */
  snapshot(): DiscardCounts {
    return this.#countsOf("total");
  }

  /** Of these, what was lost before a client had captured it. */
  earlySnapshot(): DiscardCounts {
    return this.#countsOf("early");
  }

  /** Whether there are losses that the server has not been told of. */
  get hasUntold(): boolean {
    return this.#untold > 0;
  }

  /** What the server has not been told of, by category. */
  untold(): UntoldCounts {
    const counts: UntoldCounts = {};
    for (const { category, untold } of this.#losses) {
      if (untold > 0) counts[category] = (counts[category] ?? 0) + untold;
    }
    return counts;
  }

  /** Calls `run` whenever there is something to tell and there was nothing before. It must not throw. */
  onUntold(run: () => void): void {
    this.#onUntold = run;
    if (this.hasUntold) run();
  }

  /** Takes out what is to be told, until `accepts` refuses one; the rest stays, and comes first next time. */
  takeUntold(accepts: (loss: ReportedLoss) => boolean): ReportedLoss[] {
    const taken: ReportedLoss[] = [];
    for (const loss of this.#losses) {
      const { reportedAs, category, untold } = loss;
      if (reportedAs === undefined || untold === 0) continue;
      const told = { reason: reportedAs, category, quantity: Math.min(untold, MAX_QUANTITY) };
      if (!accepts(told)) {
        this.#losses.startWith(loss);
        return taken;
      }
      loss.untold -= told.quantity;
      this.#untold -= told.quantity;
      taken.push(told);
    }
    return taken;
  }

  /** Puts back what was taken out and could not be told. */
  putBack(losses: readonly ReportedLoss[]): void {
    for (const { reason, category, quantity } of losses) {
      this.#addUntold(this.#losses.of(reason, category), quantity);
    }
  }

  // Both sums in one step: a stack that overflows in between would leave them unequal for ever.
  #record(reason: DiscardReason, item: ItemCount, early: number = 0): void {
    if (!isCount(item)) return;
    const loss = this.#losses.of(reason, item.category);
    loss.total += item.quantity;
    loss.early += early;
    if (loss.reportedAs !== undefined) this.#addUntold(loss, item.quantity);
  }

  #countsOf(member: "early" | "total"): DiscardCounts {
    const counts: DiscardCounts = {};
    for (const loss of this.#losses) {
      if (loss[member] > 0) (counts[loss.category] ??= {})[loss.reason] = loss[member];
    }
    return counts;
  }

  #addUntold(loss: Loss, quantity: number): void {
    const wasEmpty = this.#untold === 0;
    loss.untold += quantity;
    this.#untold += quantity;
    if (wasEmpty) this.#onUntold?.();
  }
}
