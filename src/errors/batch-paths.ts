import { attempt } from "../support/foreign.js";
import { stopsFailures } from "../semantics/root-failure.js";
import { localParentId } from "../trace/finished-span.js";
import type { FinishedSpan } from "../trace/finished-span.js";
import { isAbove } from "../context/failure-path.js";
import type { PathSpan } from "../context/failure-path.js";

/** A finished span on the way of an exception to its root. */
export interface BatchSpan extends PathSpan {
  depth: number;
  above: BatchSpan | undefined;
  readonly spanId: string;
  /** Undefined for a local root. */
  readonly parentId: string | undefined;
}

/** The paths of one trace's exceptions to their roots: spans come in batches and in any order. */
export class BatchPaths {
  readonly #byId = new Map<string, BatchSpan>();

  /** The span as a part of paths. Its ancestors are linked by `climb`. */
  of(span: FinishedSpan): BatchSpan {
    const { spanId } = span.spanContext();
    const known = this.#byId.get(spanId);
    if (known !== undefined) return known;
    const parentId = localParentId(span);
    const made: BatchSpan = {
      spanId,
      parentId,
      depth: 0,
      above: undefined,
      hasEnded: true,
      stopsFailures: parentId !== undefined && attempt(() => stopsFailures(span), false),
    };
    this.#byId.set(spanId, made);
    return made;
  }

  /** Links the ancestors that have come. Returns the highest of them. */
  climb(from: BatchSpan, spanById: ReadonlyMap<string, FinishedSpan>): BatchSpan {
    let top = from;
    for (;;) {
      top.above ??= this.#parentOf(top, spanById);
      if (top.above === undefined) return top;
      top = top.above;
    }
  }

  // Spans that were made by hand may be each other's parents.
  #parentOf(child: BatchSpan, spanById: ReadonlyMap<string, FinishedSpan>): BatchSpan | undefined {
    if (child.parentId === undefined) return undefined;
    const span = spanById.get(child.parentId);
    const parent = span === undefined ? this.#byId.get(child.parentId) : this.of(span);
    if (parent === undefined || parent === child || isAbove(child, parent)) return undefined;
    return parent;
  }
}

/** Sets the depths on a path whose highest span is the root, or a child of a root that has gone before. */
export function numberPath(span: BatchSpan): void {
  const path: BatchSpan[] = [];
  for (let each: BatchSpan | undefined = span; each !== undefined; each = each.above)
    path.push(each);
  const first = path.at(-1)?.parentId === undefined ? 0 : 1;
  path.toReversed().forEach((each, index) => {
    each.depth = first + index;
  });
}
