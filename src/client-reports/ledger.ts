import type {
  DataCategory,
  DiscardReason,
  ItemCount,
  LocalReason,
  ReportedReason,
} from "../protocol/data-category.js";

/** The part of the ledger that is needed by code which may lose items. */
export interface DiscardRecorder {
  /** Counts items as discarded. */
  record(reason: DiscardReason, contents: readonly ItemCount[]): void;
}

/** Counts items that are lost before a client captures them. */
export interface EarlyRecorder extends DiscardRecorder {
  /** Returns a function that counts items of one category for one reason, for losses that are counted per span. */
  counterOf(reason: DiscardReason, category: DataCategory): (quantity: number) => void;
}

/** Discarded items by category, then by reason. */
export type DiscardCounts = Partial<Record<DataCategory, Partial<Record<DiscardReason, number>>>>;

/** Discarded items by category that have not been reported to the server yet. */
export type PendingCounts = Partial<Record<DataCategory, number>>;

// Relay reads quantities as unsigned 32-bit integers, and rejects a report with a larger one.
const MAX_QUANTITY = 2 ** 32 - 1;

/**
 * Counts every discarded item of a client by category and reason, and keeps the numbers that have not been reported to
 * the server yet.
 */
export class DiscardLedger implements DiscardRecorder {
  readonly #losses = new LossTable();
  #pending = 0;
  #onPending: (() => void) | undefined;

  /** Counts items that are lost before a client captures them, both in the totals and in `earlySnapshot`. */
  readonly early: EarlyRecorder = {
    record: (reason, contents) => {
      for (const item of contents) {
        this.#record(reason, item, item.quantity);
      }
    },
    counterOf: (reason, category) => {
      const loss = this.#losses.of(reason, category);
      return (quantity) => this.#add(loss, quantity, quantity);
    },
  };

  record(reason: DiscardReason, contents: readonly ItemCount[]): void {
    for (const item of contents) this.#record(reason, item);
  }

  /**
   * Adds losses of items that another process captured. They are reported to the server but not included in this
   * process's counts.
   */
  recordForeign(reason: ReportedReason, contents: readonly ItemCount[]): void {
    for (const item of contents) {
      if (!isCount(item) || !isReportedCategory(item.category)) continue;
      this.#addPending(this.#losses.of(reason, item.category), item.quantity);
    }
  }

  /** Returns a copy of the counts. */
  snapshot(): DiscardCounts {
    return this.#countsOf("total");
  }

  /** Returns the part of the counts that was lost before a client captured the items. */
  earlySnapshot(): DiscardCounts {
    return this.#countsOf("early");
  }

  /** True if there are losses to report. */
  get hasPending(): boolean {
    return this.#pending > 0;
  }

  /** Returns the losses to report, by category. */
  pending(): PendingCounts {
    const counts: PendingCounts = {};
    for (const { category, pending } of this.#losses) {
      if (pending > 0) counts[category] = (counts[category] ?? 0) + pending;
    }
    return counts;
  }

  /** Calls `run` each time losses become pending while there were none before. It must not throw. */
  onPending(run: () => void): void {
    this.#onPending = run;
    if (this.hasPending) run();
  }

  /** Removes pending losses until `accepts` returns false. The remaining ones come first next time. */
  takePending(accepts: (loss: ReportedLoss) => boolean): ReportedLoss[] {
    const taken: ReportedLoss[] = [];
    for (const loss of this.#losses) {
      const { reportedAs, category, pending } = loss;
      if (reportedAs === undefined || pending === 0) continue;
      const reported = { reason: reportedAs, category, quantity: Math.min(pending, MAX_QUANTITY) };
      if (!accepts(reported)) {
        this.#losses.startWith(loss);
        return taken;
      }
      loss.pending -= reported.quantity;
      this.#pending -= reported.quantity;
      taken.push(reported);
    }
    return taken;
  }

  /** Adds losses back after their report could not be delivered. */
  putBack(losses: readonly ReportedLoss[]): void {
    for (const { reason, category, quantity } of losses) {
      this.#addPending(this.#losses.of(reason, category), quantity);
    }
  }

  #record(reason: DiscardReason, item: ItemCount, early: number = 0): void {
    if (isCount(item)) this.#add(this.#losses.of(reason, item.category), item.quantity, early);
  }

  // Both sums are changed in one function: if a stack overflow occurred between two calls, they would differ for good.
  #add(loss: Loss, quantity: number, early: number): void {
    loss.total += quantity;
    loss.early += early;
    if (loss.reportedAs !== undefined) this.#addPending(loss, quantity);
  }

  #countsOf(field: "early" | "total"): DiscardCounts {
    const counts: DiscardCounts = {};
    for (const loss of this.#losses) {
      if (loss[field] > 0) (counts[loss.category] ??= {})[loss.reason] = loss[field];
    }
    return counts;
  }

  #addPending(loss: Loss, quantity: number): void {
    const wasEmpty = this.#pending === 0;
    loss.pending += quantity;
    this.#pending += quantity;
    if (wasEmpty) this.#onPending?.();
  }
}

/** Losses of one category for one reason, as reported to the server. */
export interface ReportedLoss {
  readonly reason: ReportedReason;
  readonly category: DataCategory;
  /** An integer from 1 to 2 ** 32 - 1. */
  readonly quantity: number;
}

/** Losses of one category for one reason, as counted. */
interface Loss {
  readonly reason: DiscardReason;
  readonly category: DataCategory;
  /** Undefined if these losses are not reported to the server. */
  readonly reportedAs: ReportedReason | undefined;
  /** Items lost in this process. */
  total: number;
  /** The part of `total` that was lost before a client captured the items. */
  early: number;
  /** Not reported to the server yet; includes losses of other processes. */
  pending: number;
}

type LossesByReason = Partial<Record<DiscardReason, Loss>>;

/** The categories whose losses are reported. Not `internal`: the loss of a report is not itself reported. */
export const REPORTED_CATEGORIES: readonly DataCategory[] = [
  "attachment",
  "default",
  "error",
  "feedback",
  "log_byte",
  "log_item",
  "monitor",
  "session",
  "span",
  "trace_metric",
  "transaction",
];

const REPORTED: ReadonlySet<string> = new Set(REPORTED_CATEGORIES);

/** Losses by category and reason. Its size is bounded by the number of such pairs. */
class LossTable implements Iterable<Loss> {
  readonly #byCategory: Partial<Record<DataCategory, LossesByReason>> = {};
  readonly #all: Loss[] = [];

  /** Returns the losses of one category for one reason. */
  of(reason: DiscardReason, category: DataCategory): Loss {
    const byReason = (this.#byCategory[category] ??= {});
    return (byReason[reason] ??= this.#begin(reason, category));
  }

  /** Iterates in the order of the first losses, starting with the loss given to `startWith`, if any. */
  [Symbol.iterator](): Iterator<Loss> {
    return this.#all.values();
  }

  /** Rotates the order so that this loss comes first. */
  startWith(loss: Loss): void {
    this.#all.push(...this.#all.splice(0, this.#all.indexOf(loss)));
  }

  #begin(reason: DiscardReason, category: DataCategory): Loss {
    const reportedAs = isReportedCategory(category) ? reportedReason(reason) : undefined;
    const loss: Loss = { reason, category, reportedAs, total: 0, early: 0, pending: 0 };
    this.#all.push(loss);
    return loss;
  }
}

/** Tells whether a quantity can be counted: an integer above 0. */
function isCount({ quantity }: ItemCount): boolean {
  return Number.isSafeInteger(quantity) && quantity > 0;
}

/** Tells whether losses of a category are reported. A category that was read from a file may be any string. */
function isReportedCategory(category: string): boolean {
  return REPORTED.has(category);
}

const LOCAL: ReadonlySet<string> = new Set<LocalReason>([
  "closed",
  "disabled",
  "rate_limited",
  "reentrant",
  "superseded",
]);

function isLocal(reason: DiscardReason): reason is LocalReason {
  return LOCAL.has(reason);
}

function reportedReason(reason: DiscardReason): ReportedReason | undefined {
  return isLocal(reason) ? undefined : reason;
}
