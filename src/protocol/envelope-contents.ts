import type { ItemCount } from "./data-category.js";

// Items that are lost with an envelope.

export const ONE_CHECK_IN: readonly ItemCount[] = [{ category: "monitor", quantity: 1 }];

export const ONE_FEEDBACK: readonly ItemCount[] = [{ category: "feedback", quantity: 1 }];

export const ONE_ERROR: readonly ItemCount[] = [{ category: "error", quantity: 1 }];

/** Counts the items that are lost with a transaction of so many spans. */
export function transactionContents(spanCount: number): readonly ItemCount[] {
  return [
    { category: "transaction", quantity: 1 },
    { category: "span", quantity: spanCount },
  ];
}
