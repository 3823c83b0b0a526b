import type { Unit } from "../scope/unit.js";
import type { OpenRoot } from "./open-roots.js";
import type { Segment } from "../spans/segment.js";
import { linkTo } from "./failure-path.js";
import type { PathSpan } from "./failure-path.js";

// Shared by all processors and all copies of the package: look-up of scopes must not depend on them.
const UNIT_SLOT = Symbol.for("otel-sentry-bridge.unit.v1");

interface UnitSlot {
  [UNIT_SLOT]?: Unit;
}

/** The unit of work that a span belongs to, if a processor has seen it start. */
export function unitOfSpan(span: object): Unit | undefined {
  return (span as UnitSlot)[UNIT_SLOT];
}

/**
 * Hangs the unit on the span. A symbol property, since a `WeakMap` entry costs 3-4 µs per span; the
 * span holds its unit strongly, so that no unit is collected before its transaction is built.
 */
export function assignUnit(span: object, unit: Unit): void {
  (span as UnitSlot)[UNIT_SLOT] = unit;
}

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
