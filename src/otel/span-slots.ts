import type { Unit } from "../scope/unit.js";
import type { Segment } from "../tracing/segment.js";

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

/** The segments of one processor's spans, hung on them in the same way. */
export class SegmentSlots {
  readonly #slot = Symbol("otel-sentry-bridge.segment");
  readonly #ended = Symbol("otel-sentry-bridge.ended");

  get(span: object): Segment | undefined {
    return (span as Record<symbol, Segment | undefined>)[this.#slot];
  }

  /** Marks the span as ended; false when it was before. */
  end(span: object): boolean {
    const slots = span as Record<symbol, boolean | undefined>;
    if (slots[this.#ended] === true) return false;
    slots[this.#ended] = true;
    return true;
  }

  set(span: object, segment: Segment): void {
    (span as Record<symbol, Segment>)[this.#slot] = segment;
  }
}
