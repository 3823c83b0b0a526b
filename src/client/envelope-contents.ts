import type { ItemCount } from "../protocol/data-category.js";

// What losing an envelope costs.

export const ONE_CHECK_IN: readonly ItemCount[] = [{ category: "monitor", quantity: 1 }];

export const ONE_FEEDBACK: readonly ItemCount[] = [{ category: "feedback", quantity: 1 }];

export const ONE_ERROR: readonly ItemCount[] = [{ category: "error", quantity: 1 }];

/** What losing a transaction costs. */
export function transactionContents(spanCount: number): readonly ItemCount[] {
  return [
    { category: "transaction", quantity: 1 },
    { category: "span", quantity: spanCount },
  ];
}
