import type { SpanContext } from "@opentelemetry/api";

import { DEFAULT_UNIT, scopesIn } from "./facts.js";
import type { OverlayFact, Place, ScopesFact, SegmentFact, SpanFact, UnitFact } from "./facts.js";
import { SegmentBook } from "./segment-book.js";
import { BEFORE_UNITS, Cell, EMPTY, merged } from "./unit-data.js";
import type { UnitData } from "./unit-data.js";

/** A span as it ran. */
export interface SpanRun {
  readonly fact: SpanFact;
  readonly context: SpanContext;
  readonly started: number;
  /** Number of the synchronous stretch in which it started. */
  readonly stretch: number;
  ended: number | undefined;
  /** When its body went on after its first wait. */
  resumed: number | undefined;
}

/** Where an error was first seen. */
export interface ErrorOrigin {
  readonly scopes: ScopesFact;
  readonly span: Place["span"];
}

/** What an error event must look like. */
export interface ExpectedError {
  readonly label: string;
  readonly data: UnitData;
  readonly span: Place["span"];
}

/**
 * Keeps the accounting of a run: what was written where, in the order in which it really happened. The
 * "where" is always a fact of syntax that the caller hands in.
 */
export class Ledger {
  readonly spans = new Map<string, SpanRun>();
  readonly runs = new Map<SpanFact, SpanRun>();
  readonly errors = new Map<string, ExpectedError>();
  readonly segments: SegmentBook;
  /** Headers that requests came with: trace id and span id by the sender's fact. */
  readonly remotes = new Map<
    object,
    { readonly traceId: string; readonly spanId: string; readonly dsc: boolean }
  >();
  readonly units = new Map<UnitFact, Cell>();
  readonly #overlays = new Map<OverlayFact, Cell>();
  readonly #origins = new WeakMap<object, ErrorOrigin>();
  #sequence = 0;
  #stretch = 0;
  #isInStretch = false;

  constructor() {
    this.segments = new SegmentBook((segment) => this.#dataOf(segment));
  }

  next(): number {
    this.#sequence++;
    return this.#sequence;
  }

  /** A unit is forked, now. */
  forkUnit(unit: UnitFact): void {
    if (unit.parent !== undefined) this.#unit(unit.parent).forks.push(this.next());
    this.#unit(unit);
  }

  forkOverlay(overlay: OverlayFact): void {
    this.#overlay(overlay);
  }

  /** The data that a setter changes: the overlay's, if `inner` and there is one, else the unit's. */
  write(place: Place, change: (data: UnitData) => Partial<UnitData>, inner: boolean = false): void {
    const { unit, overlay } = scopesIn(place);
    const cell = inner && overlay !== undefined ? this.#overlay(overlay) : this.#unit(unit);
    cell.write(change(cell.data), this.next());
  }

  startSpan(fact: SpanFact, context: SpanContext): void {
    if (fact.startsUnit && fact.unit !== undefined) this.forkUnit(fact.unit);
    const run = {
      fact,
      context,
      started: this.next(),
      stretch: this.#currentStretch(),
      ended: undefined,
      resumed: undefined,
    };
    this.runs.set(fact, run);
    if (!fact.recorded) return;
    this.spans.set(context.spanId, run);
    this.segments.start(fact);
  }

  /** Called immediately before the span ends. */
  endSpan(fact: SpanFact): void {
    const run = this.runs.get(fact);
    if (run !== undefined) run.ended = this.next();
    if (fact.recorded) this.segments.end(fact);
  }

  /** A body has gone on after a wait, in a place. */
  resume({ span }: Place): void {
    const run = span?.type === "local" ? this.runs.get(span) : undefined;
    if (run !== undefined) run.resumed ??= this.next();
  }

  /** An error was seen; the first place counts. */
  see(error: unknown, place: Place): ErrorOrigin {
    const here = { scopes: scopesIn(place), span: place.span };
    if (typeof error !== "object" || error === null) return here;
    const known = this.#origins.get(error);
    if (known === undefined) this.#origins.set(error, here);
    return known ?? here;
  }

  /** An error event was captured, now. */
  capture(eventId: string, label: string, origin: ErrorOrigin): void {
    this.errors.set(eventId, { label, data: this.#merge(origin.scopes), span: origin.span });
  }

  /** Every version of a segment's data. */
  versionsOf(segment: SegmentFact): UnitData[] {
    const over = segment.overlay === undefined ? undefined : this.#overlay(segment.overlay);
    const unders = this.#unit(segment.unit).versions;
    return unders.flatMap((under) =>
      (over?.versions ?? [EMPTY]).map((data) => merged(under, data)),
    );
  }

  #dataOf({ unit, overlay }: SegmentFact): UnitData {
    return this.#merge({ unit, overlay });
  }

  #merge({ unit, overlay }: ScopesFact): UnitData {
    return merged(
      this.#unit(unit).data,
      overlay === undefined ? EMPTY : this.#overlay(overlay).data,
    );
  }

  #unit(unit: UnitFact): Cell {
    const known = this.units.get(unit);
    if (known !== undefined) return known;
    const inherited = unit.parent === undefined ? EMPTY : this.#inheritedFrom(unit.parent);
    const cell = new Cell(inherited, this.next());
    this.units.set(unit, cell);
    return cell;
  }

  // What is written outside after the first unit has opened, and in a run it always has, stays there.
  #inheritedFrom(parent: UnitFact): UnitData {
    return parent === DEFAULT_UNIT ? BEFORE_UNITS : this.#unit(parent).data;
  }

  /** What events have that are captured outside of all units. */
  get outside(): UnitData {
    return this.#unit(DEFAULT_UNIT).data;
  }

  #overlay(overlay: OverlayFact): Cell {
    const known = this.#overlays.get(overlay);
    if (known !== undefined) return known;
    const cell = new Cell(
      overlay.parent === undefined ? EMPTY : this.#overlay(overlay.parent).data,
      this.next(),
    );
    this.#overlays.set(overlay, cell);
    return cell;
  }

  #currentStretch(): number {
    if (!this.#isInStretch) {
      this.#isInStretch = true;
      this.#stretch++;
      queueMicrotask(() => (this.#isInStretch = false));
    }
    return this.#stretch;
  }
}
