import { setNewest } from "../support/collections.js";
import type { ScopeData } from "./scope-data.js";
import { Scope } from "./scope.js";
import { Unit } from "./unit.js";

/** What exists once per process. */
export interface ProcessScopes {
  readonly global: Scope;
  /** Where setters write outside of every unit. */
  readonly defaultUnit: DefaultUnit;
  readonly unrecorded: UnitTable;
}

// Under `Symbol.for`, so that the ESM and the CommonJS build (or two installed copies) share it. The
// number is the format's: copies with another format do not.
const SLOT = Symbol.for("otel-sentry-bridge.process-scopes.v2");

const carrier: typeof globalThis & { [SLOT]?: ProcessScopes } = globalThis;

/** The process's scopes, shared by all copies of the package. */
export function processScopes(): ProcessScopes {
  return (carrier[SLOT] ??= {
    global: new Scope(),
    defaultUnit: new DefaultUnit(),
    unrecorded: new UnitTable(),
  });
}

/** A change that is about to be made to the default scope. */
export interface OutsideWrite {
  readonly change: Partial<ScopeData>;
  /** True once a unit of work has opened. */
  readonly isLate: boolean;
  /** True once a span processor exists, which gives each local root a unit of its own. */
  readonly isTraced: boolean;
}

/** Decides whether a change is made to the default scope. Must not throw. */
export type WriteGuard = (write: OutsideWrite) => boolean;

/** The scope that setters write to outside of every unit of work. */
class DefaultScope extends Scope {
  guard: WriteGuard | undefined = undefined;
  /** Data that units of work start with; set when the first one opens. */
  inherited: ScopeData | undefined = undefined;
  isTraced: boolean = false;

  protected override admits(change: Partial<ScopeData>): boolean {
    const { guard, isTraced, inherited } = this;
    return guard === undefined || guard({ change, isTraced, isLate: inherited !== undefined });
  }
}

/**
 * The unit outside of all units, one per process. Units of work are its forks, and start with what was written before
 * the first of them opened. What is written later belongs to work that has no unit; it must not reach others.
 */
export class DefaultUnit extends Unit {
  readonly #scope: DefaultScope;

  constructor() {
    const scope = new DefaultScope();
    super(scope, 0, false);
    this.#scope = scope;
  }

  /** Asks `guard` about each change from now on; the first guard of the process stays. */
  guardWrites(guard: WriteGuard): void {
    this.#scope.guard ??= guard;
  }

  /** Notes that a span processor exists. */
  expectSpans(): void {
    this.#scope.isTraced = true;
  }

  protected override forkScope(): Scope {
    this.#scope.inherited ??= this.#scope.data;
    return new Scope(this.#scope.inherited);
  }
}

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
