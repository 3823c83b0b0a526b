import type { Unit } from "../scope/unit.js";

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
