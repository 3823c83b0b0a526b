import { addCrumb } from "./breadcrumb-trail.js";
import type { Trail } from "./scope-data.js";
import { Scope } from "./scope.js";
import type { SpanCrumb } from "./span-crumb.js";

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
