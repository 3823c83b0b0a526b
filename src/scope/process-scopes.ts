import { BoundedMap } from "../support/collections.js";
import type { ScopeData } from "./scope-data.js";
import { Scope } from "./scope.js";
import { Unit } from "./unit.js";

/** The scopes and units that exist once per process. */
interface ProcessScopes {
  readonly global: Scope;
  /** The unit that is current outside of all units of work. */
  readonly defaultUnit: DefaultUnit;
  /** The units of traces without a recording span. */
  readonly unrecorded: UnitTable;
}

// Stored under `Symbol.for`, so that the ESM and the CommonJS build (or two installed copies) share it. The number is
// the version of the format: copies with another format have scopes of their own.
const SLOT = Symbol.for("otel-sentry-bridge.process-scopes.v2");

const carrier: typeof globalThis & { [SLOT]?: ProcessScopes } = globalThis;

/** Returns the scopes of the process, which all copies of the package share. */
export function processScopes(): ProcessScopes {
  return (carrier[SLOT] ??= {
    global: new Scope(),
    defaultUnit: new DefaultUnit(),
    unrecorded: new UnitTable(),
  });
}

/** A change to the default scope, before it is made. */
export interface OutsideWrite {
  readonly change: Partial<ScopeData>;
  /** True if a unit of work was already open. */
  readonly isLate: boolean;
  /** True if there is a span processor, which gives each local root a unit of its own. */
  readonly isTraced: boolean;
}

/** Decides whether a change to the default scope is made. Must not throw. */
type WriteGuard = (write: OutsideWrite) => boolean;

/** The scope that setters write to outside of all units of work. */
class DefaultScope extends Scope {
  guard: WriteGuard | undefined = undefined;
  /** The data that units of work start with, fixed when the first one opens. */
  inherited: ScopeData | undefined = undefined;
  isTraced: boolean = false;

  protected override admits(change: Partial<ScopeData>): boolean {
    const { guard, isTraced, inherited } = this;
    return guard === undefined || guard({ change, isTraced, isLate: inherited !== undefined });
  }
}

/**
 * The default unit, one per process, which is current outside of all units of work. Units of work are its forks. They start
 * with the data that was set before the first of them opened: data that is set later belongs to work without a unit, and
 * must not leak into requests.
 */
export class DefaultUnit extends Unit {
  readonly #scope: DefaultScope;

  constructor() {
    const scope = new DefaultScope();
    super(scope, 0, false);
    this.#scope = scope;
  }

  /** Sets the guard that decides about each change. Only the first guard of a process has an effect. */
  guardWrites(guard: WriteGuard): void {
    this.#scope.guard ??= guard;
  }

  /** Records that there is a span processor. */
  expectSpans(): void {
    this.#scope.isTraced = true;
  }

  protected override forkScope(): Scope {
    this.#scope.inherited ??= this.#scope.data;
    return new Scope(this.#scope.inherited);
  }
}

/** Default bound of a `UnitTable`. */
export const MAX_UNRECORDED_UNITS = 10_000;

/**
 * Units by trace id, for code whose active span does not record and so cannot refer to its unit. When the table is full, the
 * oldest unit is evicted: its data is lost, but never shared with another trace.
 */
export class UnitTable {
  readonly #units: BoundedMap<string, Unit>;

  constructor(limit: number = MAX_UNRECORDED_UNITS) {
    this.#units = new BoundedMap(limit);
  }

  /** Returns the trace's unit; if there is none, creates it with `create`. */
  get(traceId: string, create: () => Unit): Unit {
    const known = this.#units.get(traceId);
    if (known !== undefined) return known;
    const unit = create();
    this.#units.setNewest(traceId, unit);
    return unit;
  }

  get size(): number {
    return this.#units.size;
  }
}
