import { setNewest } from "../support/collections.js";
import type { Unit } from "./unit.js";

/** How many traces can have a unit in the table at once. */
export const MAX_UNRECORDED_UNITS = 10_000;

/**
 * Units by trace id, for code whose active span does not record and so cannot carry one. Bounded:
 * when it is full the unit that was made first goes. Its data is lost; it is never shared.
 */
export class UnitTable {
  readonly #units = new Map<string, Unit>();
  readonly #limit: number;

  constructor(limit: number = MAX_UNRECORDED_UNITS) {
    this.#limit = limit;
  }

  /** The trace's unit, made by `create` when it has none. */
  get(traceId: string, create: () => Unit): Unit {
    const known = this.#units.get(traceId);
    if (known !== undefined) return known;
    const unit = create();
    setNewest(this.#units, [traceId, unit], this.#limit);
    return unit;
  }

  get size(): number {
    return this.#units.size;
  }
}
