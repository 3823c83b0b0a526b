import type { DataCategory, DiscardReason, ItemCount } from "../protocol/data-category.js";

/** What a part that may lose items is given: it can record, and nothing else. */
export interface DiscardRecorder {
  record(reason: DiscardReason, contents: readonly ItemCount[]): void;
}

/** Counts by category, then by reason. */
export type DiscardCounts = Partial<Record<DataCategory, Partial<Record<DiscardReason, number>>>>;

/** Counts every lost item by category and reason, from the client's start on. */
export class DiscardLedger implements DiscardRecorder {
  readonly #counts: DiscardCounts = {};

  record(reason: DiscardReason, contents: readonly ItemCount[]): void {
    for (const { category, quantity } of contents) {
      const byReason = (this.#counts[category] ??= {});
      byReason[reason] = (byReason[reason] ?? 0) + quantity;
    }
  }

  /** A copy of the counts so far. */
  snapshot(): DiscardCounts {
    return structuredClone(this.#counts);
  }
}
