import type { OpenRoot } from "../context/open-roots.js";
import { ancestorForChild } from "../context/failure-path.js";
import type { PathNode } from "../context/failure-path.js";
import { openRoots } from "../context/open-roots.js";
import type { Segment } from "./segment.js";

/** The data that one processor keeps on a span. */
export interface SpanEntry extends PathNode {
  readonly segment: Segment;
}

class Entry implements SpanEntry {
  readonly segment: Segment;
  readonly depth: number;
  above: PathNode | undefined;
  hasEnded: boolean = false;
  span: object | undefined;
  hasRecorded: boolean | undefined = undefined;
  stopsFailures: boolean = false;

  constructor(span: object, segment: Segment, parent: SpanEntry | undefined) {
    this.segment = segment;
    this.depth = parent === undefined ? depthWithoutParent(span, segment) : parent.depth + 1;
    this.above = parent === undefined ? undefined : ancestorForChild(parent);
    this.span = span;
  }
}

type RootSlots = OpenRoot & Record<symbol, Segment | undefined>;

/** Stores the entries of one processor as symbol properties of its spans. */
export class SpanEntries {
  /** The symbol under which the entries are stored. */
  readonly slot: symbol = Symbol("otel-sentry-bridge.entry");

  get(span: object): SpanEntry | undefined {
    return (span as Record<symbol, SpanEntry | undefined>)[this.slot];
  }

  /** Returns the segment of an open root. */
  ofRoot(root: OpenRoot): Segment | undefined {
    return (root as RootSlots)[this.slot];
  }

  addRoot(root: OpenRoot, segment: Segment): void {
    (root as RootSlots)[this.slot] = segment;
  }

  /** Adds the entry of a span. `parent` is the entry of its parent in the same segment. */
  add(span: object, segment: Segment, parent?: SpanEntry): void {
    (span as Record<symbol, SpanEntry>)[this.slot] = new Entry(span, segment, parent);
  }
}

// A child whose parent is known by its ids only is counted as a child of the root.
function depthWithoutParent(span: object, segment: Segment): number {
  return segment.root === span ? 0 : 1;
}

/** Removes the root of a complete segment from the process's open roots. */
export function closeRoot(segment: Segment): void {
  const root = segment.openRoot;
  segment.openRoot = undefined;
  if (root !== undefined) openRoots.end(root);
}
