import type { TraceContext } from "../client/capture-input.js";
import type { ContextScopes } from "./scope-context.js";
import { processScopes } from "../scope/process-scopes.js";
import type { Unit } from "../scope/unit.js";
import { isObjectLike } from "../support/foreign.js";

/** The unit of work and the span that an error, a message or a check-in is attributed to. */
export interface Attribution {
  readonly scopes: ContextScopes;
  readonly trace: TraceContext;
}

/** A unit of work in which an error was seen: recorded on a span, thrown through a wrapper, or captured. */
interface Sighting {
  readonly attribution: Attribution;
  readonly atMillis: number;
  /** Unit and span of the handler that captured the error for this unit. */
  capturedIn: Attribution | undefined;
}

// Records that are kept of one error object, for an object that is thrown again and again. Over the limit, the oldest
// is evicted.
const MAX_SIGHTINGS = 10;

// Within this time, a handler in an unrelated context is assumed to handle the error that was seen earlier. Later, the
// object is assumed to have been thrown again: a rejected promise may be cached for hours.
const MAX_LATE_MILLIS = 60_000;

/**
 * The units of work in which one error object was seen. Usually there is one: the error was thrown there, and an event
 * for it gets that unit's scopes, whichever context captures it. An object that is thrown in several units (a constant,
 * a cached rejected promise, an abort reason) has several, and is reported once for each unit that captures it.
 */
export class ErrorHistory {
  readonly #sightings: Sighting[] = [];

  /**
   * Records that the error was thrown or recorded on a span. Returns its attribution when it was first seen: `here`,
   * unless it was seen in a related unit earlier.
   */
  see(here: Attribution, nowMillis: number): Attribution {
    const known = this.#relatedTo(here);
    return (known ?? this.#add(here, nowMillis)).attribution;
  }

  /** Records that the error is captured. Returns the attribution of its event. */
  capture(here: Attribution, nowMillis: number): Attribution {
    const sighting = this.#sightingFor(here, nowMillis);
    sighting.capturedIn ??= here;
    return sighting.attribution;
  }

  #sightingFor(here: Attribution, nowMillis: number): Sighting {
    const inside = this.#sightings.filter(({ attribution }) => isInside(attribution, here));
    const own = this.#relatedTo(here);
    if (own !== undefined && !inside.includes(own)) return this.#ofOwn(own, here, nowMillis);
    if (inside.length > 0) return nextOf(inside, nowMillis) ?? own ?? this.#add(here, nowMillis);
    return this.#ofStranger(here, nowMillis);
  }

  // The error was seen in this unit. If it was seen in another unit earlier and was not captured for that one, it comes
  // from there, because this unit awaited the other one; unless the object is known to be thrown again and again.
  #ofOwn(own: Sighting, here: Attribution, nowMillis: number): Sighting {
    if (own.capturedIn !== undefined && isSameWork(own.capturedIn, own.attribution)) return own;
    const others = this.#sightings.filter(({ attribution }) => !isRelated(attribution, here));
    const before = others.filter(({ attribution }) => this.#isBefore(attribution, own.attribution));
    const isThrownAgain = before.length > 1 || before.some(({ capturedIn }) => capturedIn);
    if (own.capturedIn === undefined && isThrownAgain) return own;
    // If a handler in another unit has captured this unit's error, this unit in turn captures the other one's.
    const isTaken = own.capturedIn !== undefined;
    const other = firstWaiting(isTaken ? others : before, nowMillis);
    if (isTaken) own.capturedIn = here;
    return other ?? own;
  }

  // The error was not seen in this unit. The capture belongs to the unit where it was seen, unless it was already
  // captured for that unit or the object is known to be thrown again and again.
  #ofStranger(here: Attribution, nowMillis: number): Sighting {
    const waiting = firstWaiting(this.#sightings, nowMillis);
    if (waiting !== undefined && this.#sightings.length === 1) return waiting;
    const again = this.#sightings.find(
      ({ capturedIn }) => capturedIn && isSameWork(capturedIn, here),
    );
    return again ?? this.#add(here, nowMillis);
  }

  #relatedTo(here: Attribution): Sighting | undefined {
    const { traceId } = here.trace;
    return (
      this.#sightings.find(({ attribution }) => attribution.trace.traceId === traceId) ??
      this.#sightings.find(({ attribution }) => isRelated(attribution, here))
    );
  }

  #isBefore(one: Attribution, other: Attribution): boolean {
    const attributions = this.#sightings.map(({ attribution }) => attribution);
    return attributions.indexOf(one) < attributions.indexOf(other);
  }

  #add(attribution: Attribution, atMillis: number): Sighting {
    const sighting: Sighting = { attribution, atMillis, capturedIn: undefined };
    this.#sightings.push(sighting);
    if (this.#sightings.length > MAX_SIGHTINGS) this.#sightings.shift();
    return sighting;
  }
}

// Chooses the unit for a handler that is outside of all of them: the next one for which the error was not captured yet,
// or else the last one.
function nextOf(sightings: readonly Sighting[], nowMillis: number): Sighting | undefined {
  return firstWaiting(sightings, nowMillis) ?? sightings.at(-1);
}

function firstWaiting(sightings: readonly Sighting[], nowMillis: number): Sighting | undefined {
  return sightings.find(
    ({ capturedIn, atMillis }) =>
      capturedIn === undefined && nowMillis - atMillis <= MAX_LATE_MILLIS,
  );
}

// Without an active span, the trace is that of the unit.
function isSameWork(one: Attribution, other: Attribution): boolean {
  return one.scopes.unit === other.scopes.unit || one.trace.traceId === other.trace.traceId;
}

// True if one unit is within the other one, such as a fork inside a request. The process's default unit contains all
// others and does not count.
function isRelated(attribution: Attribution, here: Attribution): boolean {
  if (isSameWork(attribution, here) || isInside(attribution, here)) return true;
  return attribution.scopes.unit !== processScopes().defaultUnit && isInside(here, attribution);
}

function isInside(inner: Attribution, outer: Attribution): boolean {
  let unit: Unit | undefined = inner.scopes.unit.parent;
  while (unit !== undefined && unit !== outer.scopes.unit) unit = unit.parent;
  return unit !== undefined;
}

/** Associates values with thrown errors. */
export interface ErrorMap<Value extends object> {
  /** Sets the value of an error, replacing an earlier one. Does nothing for primitives, which have no identity. */
  remember(error: unknown, value: Value): void;
  /** Returns the value of an error. */
  recall(error: unknown): Value | undefined;
}

/** Creates a map that holds its errors weakly. Its methods never throw. */
export function createErrorMap<Value extends object>(): ErrorMap<Value> {
  const values = new WeakMap<object, Value>();
  return {
    remember(error, value) {
      if (isObjectLike(error)) values.set(error, value);
    },
    recall: (error) => (isObjectLike(error) ? values.get(error) : undefined),
  };
}
