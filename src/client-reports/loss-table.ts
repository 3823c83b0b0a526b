import type {
  DataCategory,
  DiscardReason,
  ItemCount,
  LocalReason,
  ReportedReason,
} from "../protocol/data-category.js";

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
