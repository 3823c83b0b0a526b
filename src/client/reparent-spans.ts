import type { TransactionSpan } from "../protocol/transaction-event.js";

/** Gives the children of removed spans to the nearest ancestor that was not removed, in place. */
export function reparentSpans(
  spans: readonly TransactionSpan[],
  removed: ReadonlyMap<string, string | undefined>,
): void {
  if (removed.size === 0) return;
  for (const span of spans) {
    const parent = keptAncestor(span.parent_span_id, removed);
    if (parent === undefined) delete span.parent_span_id;
    else span.parent_span_id = parent;
  }
}

function keptAncestor(
  parent: string | undefined,
  removed: ReadonlyMap<string, string | undefined>,
): string | undefined {
  let ancestor = parent;
  // At most one step per removed span: ids that form a circle end the walk, too.
  for (let steps = 0; steps <= removed.size && ancestor !== undefined; steps++) {
    if (!removed.has(ancestor)) return ancestor;
    ancestor = removed.get(ancestor);
  }
  return undefined;
}
