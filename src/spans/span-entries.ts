import type { OpenRoot } from "../context/open-roots.js";
import { linkTo } from "../context/failure-path.js";
import type { PathSpan } from "../context/failure-path.js";
import { openRoots } from "../context/open-roots.js";
import type { Segment } from "./segment.js";

/** What one processor knows of a span. */
export interface SpanEntry extends PathSpan {
  readonly segment: Segment;
}

type RootSlots = OpenRoot & Record<symbol, Segment | undefined>;

/** The entries of one processor's spans, hung on them in the same way. */
export class SpanEntries {
  /** Where the entries hang. */
  readonly slot: symbol = Symbol("otel-sentry-bridge.entry");

  get(span: object): SpanEntry | undefined {
    return (span as Record<symbol, SpanEntry | undefined>)[this.slot];
  }

  /** The segment that was begun for an open root. */
  ofRoot(root: OpenRoot): Segment | undefined {
    return (root as RootSlots)[this.slot];
  }

  addRoot(root: OpenRoot, segment: Segment): void {
    (root as RootSlots)[this.slot] = segment;
  }

  /** `parent`: the entry of the span's parent in the same segment, where it has one. */
  add(span: object, segment: Segment, parent?: SpanEntry): void {
    (span as Record<symbol, SpanEntry>)[this.slot] = {
      segment,
      depth: parent === undefined ? depthWithoutParent(span, segment) : parent.depth + 1,
      above: parent === undefined ? undefined : linkTo(parent),
      hasEnded: false,
      span,
      stopsFailures: false,
    };
  }
}

// A child whose parent is known by its ids alone counts as a child of the root.
function depthWithoutParent(span: object, segment: Segment): number {
  return segment.root === span ? 0 : 1;
}

/** Forgets the root of a segment that is complete. */
export function closeRoot(segment: Segment): void {
  const root = segment.openRoot;
  segment.openRoot = undefined;
  if (root !== undefined) openRoots.end(root);
}
