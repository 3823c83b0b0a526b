import type { ReceivedTransaction } from "../testing/received.js";

/** A span of a trace. Times are in seconds. */
export interface TraceSpan {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly op: string;
  readonly start: number;
  readonly end: number;
  /** Whether it is the root of a transaction. */
  readonly isRoot: boolean;
}

/** A span in the order of printing; `branch` is the drawing before its name. */
export interface TraceRow {
  readonly span: TraceSpan;
  readonly branch: string;
}

/** All spans of some transactions. */
export function spansOf(transactions: readonly ReceivedTransaction[]): TraceSpan[] {
  return transactions.flatMap((transaction) => [rootOf(transaction), ...childrenOf(transaction)]);
}

/** The spans as a tree, each below its parent and by time. A span whose parent has not come is on top. */
export function rowsOf(spans: readonly TraceSpan[]): TraceRow[] {
  const below = childrenByParent(spans);
  // Each list is taken once: ids that are sent twice, or in a circle, would never come to an end.
  const take = (parent: string | undefined): readonly TraceSpan[] => {
    const children = below.get(parent) ?? [];
    below.delete(parent);
    return children;
  };
  const rows: TraceRow[] = [];
  // A stack instead of recursion: a trace may be deeper than the call stack.
  const open: Pending[] = pendingOf(take(undefined), undefined);
  while (open.length > 0 || below.size > 0) {
    const next = open.pop();
    if (next === undefined) {
      // Only spans in a circle are left.
      const [parent] = below.keys();
      open.push(...pendingOf(take(parent), undefined));
    } else {
      rows.push({ span: next.span, branch: next.branch });
      open.push(...pendingOf(take(next.span.id), next.stem));
    }
  }
  return rows;
}

function childrenByParent(
  spans: readonly TraceSpan[],
): Map<string | undefined, readonly TraceSpan[]> {
  const known = new Set(spans.map(({ id }) => id));
  const below = new Map<string | undefined, TraceSpan[]>();
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const parent =
      span.parentId !== undefined && known.has(span.parentId) ? span.parentId : undefined;
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [span]);
    else siblings.push(span);
  }
  return below;
}

// Deeper spans are drawn at the same depth: there is no room, and stems would grow with the square.
const MAX_STEM_LENGTH = 24;

interface Pending extends TraceRow {
  /** Drawing before the names of its children's branches. */
  readonly stem: string;
}

// The last of them first, as a stack has them. Without a stem they are on top, and have no branch.
function pendingOf(spans: readonly TraceSpan[], stem: string | undefined): Pending[] {
  const isDeep = (stem?.length ?? 0) >= MAX_STEM_LENGTH;
  return spans
    .map((span, index): Pending => {
      if (stem === undefined) return { span, branch: "", stem: "" };
      const isLast = index === spans.length - 1;
      const branch = `${stem}${isLast ? "└ " : "├ "}`;
      return { span, branch, stem: isDeep ? stem : `${stem}${isLast ? "  " : "│ "}` };
    })
    .toReversed();
}

function rootOf({ contexts: { trace }, ...transaction }: ReceivedTransaction): TraceSpan {
  return {
    id: trace?.span_id ?? "",
    parentId: trace?.parent_span_id,
    name: transaction.transaction,
    op: trace?.op ?? "",
    start: transaction.start_timestamp,
    end: transaction.timestamp,
    isRoot: true,
  };
}

function childrenOf({ spans }: ReceivedTransaction): TraceSpan[] {
  return spans.map((span) => ({
    id: span.span_id,
    parentId: span.parent_span_id,
    name: span.description ?? span.op ?? "",
    op: span.op ?? "",
    start: span.start_timestamp,
    end: span.timestamp,
    isRoot: false,
  }));
}
