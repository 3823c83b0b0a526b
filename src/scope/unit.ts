import { randomBytes } from "node:crypto";

import { addCrumb } from "./scope-data.js";
import type { Trail } from "./scope-data.js";
import { Scope } from "./scope.js";

// Whoever forks inside of a fork without end must not hold all of them.
const MAX_REMEMBERED_DEPTH = 16;

/**
 * A unit of work (a request, a message, a job) and its isolation scope. Units form chains by
 * forking; of two units on one chain the deeper one is the more specific.
 */
export class Unit {
  readonly isolation: Scope;
  /** Number of forks between the process's default unit and this one. */
  readonly depth: number;
  /** What it was forked from, unless that is deep, and when (milliseconds since 1970). */
  parent: Unit | undefined = undefined;
  forkedAt: number = 0;
  /**
   * Made by `extract` for a root span that has not started yet. The first SERVER or CONSUMER root
   * takes it; a second one in the same context (a retry loop, a batch) gets a fork.
   */
  adoptable: boolean;
  /** Attributes of the span of the request or message that the unit is for. */
  request: Readonly<Record<string, unknown>> | undefined = undefined;
  /** Id of the remote span that the unit's request or message came from; undefined if it named none. */
  senderSpanId: string | undefined = undefined;
  /** Id of the error event that was captured last. A fork does not inherit it: it may be another request's. */
  lastEventId: string | undefined = undefined;
  /** What spans of the unit have left behind. */
  trail: Trail<SpanCrumb> | undefined = undefined;

  constructor(isolation: Scope, depth: number, adoptable: boolean) {
    this.isolation = isolation;
    this.depth = depth;
    this.adoptable = adoptable;
  }

  /** A unit of its own that starts with this one's data. */
  fork(adoptable: boolean = false): Unit {
    const unit = new Unit(this.forkScope(), this.depth + 1, adoptable);
    unit.parent = this.depth < MAX_REMEMBERED_DEPTH ? this : undefined;
    unit.forkedAt = Date.now();
    unit.request = this.request;
    unit.senderSpanId = this.senderSpanId;
    unit.trail = this.trail;
    return unit;
  }

  /** The isolation scope of a fork. */
  protected forkScope(): Scope {
    return this.isolation.fork();
  }

  /** Tells whether this is the other unit, or was forked inside of it. */
  isWithin(other: Unit): boolean {
    if (this === other) return true;
    // Ancestors of very deep units are forgotten. Then the depth decides, as between a context and its span.
    return this.parent === undefined
      ? this.depth > MAX_REMEMBERED_DEPTH && this.depth > other.depth
      : this.parent.isWithin(other);
  }

  /** Whether what came up in the given unit at that time led to this one: its own, or of before the fork. */
  comesAfter(other: Unit, atMillis: number): boolean {
    if (other === this) return true;
    return atMillis <= this.forkedAt && this.parent?.comesAfter(other, atMillis) === true;
  }

  /** Leaves something behind; the oldest goes when there are more than about `limit`. */
  leave(crumb: SpanCrumb, limit: number): void {
    this.trail = addCrumb(this.trail, crumb, limit);
  }
}

/** A unit of work of which nothing is known. */
export function emptyUnit(): Unit {
  return new Unit(new Scope(), 1, false);
}

/**
 * What an event of a span, or a client span that is not sent with its segment, leaves for the breadcrumbs
 * of later error events. Only references: the breadcrumb is made when an event asks for it, which few units
 * ever do.
 */
export interface SpanCrumb {
  readonly name: string;
  /** Kind of the span; undefined for an event. */
  readonly kind: number | undefined;
  /** Seconds and nanoseconds: the end of the span, the time of the event. */
  readonly time: readonly [seconds: number, nanos: number];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly hasFailed: boolean;
}

/** Ids for what comes up outside of all traces (protocol: propagation context). */
export interface UnitTrace {
  readonly traceId: string;
  readonly spanId: string;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

const traces = new WeakMap<Unit, UnitTrace>();

/** The same ids for all that comes up in one unit of work where no span is active. */
export function traceOfUnit(unit: Unit): UnitTrace {
  const known = traces.get(unit);
  if (known !== undefined) return known;
  const trace = {
    traceId: randomBytes(TRACE_ID_BYTES).toString("hex"),
    spanId: randomBytes(SPAN_ID_BYTES).toString("hex"),
  };
  traces.set(unit, trace);
  return trace;
}
