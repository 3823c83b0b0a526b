import { addToTrail } from "./scope-data.js";
import type { Trail } from "./scope-data.js";
import { Scope } from "./scope.js";
import { nodeCrypto } from "../support/built-ins.js";
import { onceFor } from "../support/collections.js";

// Ancestors that a unit refers to. A program that nests forks without end must not keep all of them alive.
const MAX_REMEMBERED_DEPTH = 16;

/**
 * A unit of work (a request, a message, a job) with its isolation scope. Forks form a chain; the deeper of two units in a
 * chain is the more specific one.
 */
export class Unit {
  readonly isolation: Scope;
  /** Number of forks from the process's default unit to this one. */
  readonly depth: number;
  /**
   * The unit that this one was forked from; undefined for the default unit, and for units that are more than 16 forks
   * deep.
   */
  parent: Unit | undefined = undefined;
  /** Time of the fork, in milliseconds since 1970. */
  forkedAt: number = 0;
  /**
   * True if the propagator's `extract` created it for a root span that has not started yet. The first SERVER or
   * CONSUMER root takes the unit over; a second one in the same context (a retry loop, a batch) gets a fork.
   */
  adoptable: boolean;
  /** Attributes of the root span of the unit's request or message. */
  request: Readonly<Record<string, unknown>> | undefined = undefined;
  /** Id of the remote span that sent the unit's request or message; undefined if the headers had none. */
  senderSpanId: string | undefined = undefined;
  /** Id of the last error event. A fork does not inherit it: it may be that of another request. */
  lastEventId: string | undefined = undefined;
  /** Span events and client spans for breadcrumbs, newest first. */
  trail: Trail<SpanBreadcrumb> | undefined = undefined;

  constructor(isolation: Scope, depth: number, adoptable: boolean) {
    this.isolation = isolation;
    this.depth = depth;
    this.adoptable = adoptable;
  }

  /** Creates a unit that starts with this one's data. */
  fork(adoptable: boolean = false): Unit {
    const unit = new Unit(this.forkScope(), this.depth + 1, adoptable);
    unit.parent = this.depth < MAX_REMEMBERED_DEPTH ? this : undefined;
    unit.forkedAt = Date.now();
    unit.request = this.request;
    unit.senderSpanId = this.senderSpanId;
    unit.trail = this.trail;
    return unit;
  }

  /** Creates the isolation scope of a fork. */
  protected forkScope(): Scope {
    return this.isolation.fork();
  }

  /** Tells whether this unit is the other one, or was forked from it directly or indirectly. */
  isWithin(other: Unit): boolean {
    if (this === other) return true;
    // A unit at the maximum depth has no reference to its ancestors, so only depths can be compared.
    return this.parent === undefined
      ? this.depth > MAX_REMEMBERED_DEPTH && this.depth > other.depth
      : this.parent.isWithin(other);
  }

  /** Tells whether an event in the given unit at that time happened before this unit: in itself, or before it was forked. */
  comesAfter(other: Unit, atMillis: number): boolean {
    if (other === this) return true;
    return atMillis <= this.forkedAt && this.parent?.comesAfter(other, atMillis) === true;
  }

  /** Adds a breadcrumb of a span. Keeps at least the newest `limit`, and at most twice as many. */
  addSpanBreadcrumb(breadcrumb: SpanBreadcrumb, limit: number): void {
    this.trail = addToTrail(this.trail, breadcrumb, limit);
  }
}

/** Creates a unit of work without data. */
export function emptyUnit(): Unit {
  return new Unit(new Scope(), 1, false);
}

/**
 * A span event, or a client span that is not sent with its segment, kept for the breadcrumbs of later error events.
 * Only references are kept: the breadcrumb is created if an error is captured, which happens in few units of work.
 */
export interface SpanBreadcrumb {
  readonly name: string;
  /** The span's kind; undefined for a span event. */
  readonly kind: number | undefined;
  /** The end of the span or the time of the span event. */
  readonly time: readonly [seconds: number, nanos: number];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly hasFailed: boolean;
}

/** Ids for events that are captured where no span is active (protocol: propagation context). */
export interface PropagationContext {
  readonly traceId: string;
  readonly spanId: string;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** Returns the ids of a unit of work for events without a span and without an incoming trace: always the same for a unit. */
export const propagationContextOf: (unit: Unit) => PropagationContext = onceFor(() => ({
  traceId: nodeCrypto().randomBytes(TRACE_ID_BYTES).toString("hex"),
  spanId: nodeCrypto().randomBytes(SPAN_ID_BYTES).toString("hex"),
}));
