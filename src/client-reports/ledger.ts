import type {
  DataCategory,
  DiscardReason,
  ItemCount,
  LocalReason,
  ReportedReason,
} from "../protocol/data-category.js";

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

/** Losses of one category for one reason, as the server is told of them. */
export interface ReportedLoss {
  readonly reason: ReportedReason;
  readonly category: DataCategory;
  /** A whole number above 0; Relay reads 32 bits. */
  readonly quantity: number;
}

/** Losses of one category for one reason. */
export interface Loss {
  readonly reason: DiscardReason;
  readonly category: DataCategory;
  /** Undefined where the server is not told. */
  readonly reportedAs: ReportedReason | undefined;
  /** Lost by this process. */
  total: number;
  /** Of these, before they were captured. */
  early: number;
  /** Not told to the server yet, those of other processes among them. */
  untold: number;
}

type LossesByReason = Partial<Record<DiscardReason, Loss>>;

/** What the server is told of. `internal` is absent: the loss of a report is not reported. */
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

/** The losses by category and reason: as many numbers as there are such pairs, however much is lost. */
export class LossTable implements Iterable<Loss> {
  readonly #byCategory: Partial<Record<DataCategory, LossesByReason>> = {};
  readonly #all: Loss[] = [];

  /** The losses of one category for one reason, so far. */
  of(reason: DiscardReason, category: DataCategory): Loss {
    const byReason = (this.#byCategory[category] ??= {});
    return (byReason[reason] ??= this.#begin(reason, category));
  }

  /** In the order in which they first came, unless another was asked for. */
  [Symbol.iterator](): Iterator<Loss> {
    return this.#all.values();
  }

  /** Has this one come first, and those before it last. */
  startWith(loss: Loss): void {
    this.#all.push(...this.#all.splice(0, this.#all.indexOf(loss)));
  }

  #begin(reason: DiscardReason, category: DataCategory): Loss {
    const reportedAs = isReportedCategory(category) ? reportedReason(reason) : undefined;
    const loss: Loss = { reason, category, reportedAs, total: 0, early: 0, untold: 0 };
    this.#all.push(loss);
    return loss;
  }
}

/** Whether items can be lost: a whole number of them, more than none. */
export function isCount({ quantity }: ItemCount): boolean {
  return Number.isSafeInteger(quantity) && quantity > 0;
}

/** Whether the server is told of losses of this category; what is read from a file may be of any. */
export function isReportedCategory(category: string): boolean {
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
