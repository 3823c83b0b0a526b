import type { DataCategory, ItemCount } from "./data-category.js";

/** Adds up items by category. */
export class ItemCounter {
  readonly #counts: Partial<Record<DataCategory, number>> = {};

  add(contents: readonly ItemCount[]): void {
    for (const { category, quantity } of contents) {
      this.#counts[category] = (this.#counts[category] ?? 0) + quantity;
    }
  }

  /** A copy of the sums so far; a category without items is absent. */
  counts(): Partial<Record<DataCategory, number>> {
    return { ...this.#counts };
  }
}
