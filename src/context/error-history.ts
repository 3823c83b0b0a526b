import type { ErrorTrace } from "../client/capture-input.js";
import { processScopes } from "../scope/process-scopes.js";
import type { Unit } from "../scope/unit.js";
import type { ContextScopes } from "./context-key.js";

/** The unit of work, and the span, in which an error arose. */
export interface ErrorPlace {
  readonly scopes: ContextScopes;
  readonly trace: ErrorTrace;
}

/** One unit of work that an error was seen in: recorded on a span, thrown through a wrapper, or captured. */
interface Sighting {
  readonly place: ErrorPlace;
  readonly atMillis: number;
  /** Where it was captured for this unit. */
  capturedIn: ErrorPlace | undefined;
}

// Of an object that is thrown all the time; the oldest are forgotten.
const MAX_SIGHTINGS = 10;

// A handler in a stranger's context sees an error within this time. Later it is taken for an object that is thrown
// once more: a rejected promise may be cached for hours.
const MAX_LATE_MILLIS = 60_000;

/**
 * The units of work that one error object was seen in. Usually it is one: the error arose there, and whoever captures
 * it, in whatever context, reports that unit. An object that is thrown in several units (a constant, a cached rejected
 * promise, an abort reason) has several, and each of them that captures it is to be reported once.
 */
export class ErrorHistory {
  readonly #sightings: Sighting[] = [];

  /** The error was recorded or thrown in a place. Returns where it arose: there, unless it came from inside. */
  see(here: ErrorPlace, nowMillis: number): ErrorPlace {
    const known = this.#relatedTo(here);
    return (known ?? this.#add(here, nowMillis)).place;
  }

  /** The error is captured in a place. Returns the place that it is to be reported for. */
  capture(here: ErrorPlace, nowMillis: number): ErrorPlace {
    const sighting = this.#sightingFor(here, nowMillis);
    sighting.capturedIn ??= here;
    return sighting.place;
  }

  #sightingFor(here: ErrorPlace, nowMillis: number): Sighting {
    const inside = this.#sightings.filter(({ place }) => isInside(place, here));
    const own = this.#relatedTo(here);
    if (own !== undefined && !inside.includes(own)) return this.#ofOwn(own, here, nowMillis);
    if (inside.length > 0) return nextOf(inside, nowMillis) ?? own ?? this.#add(here, nowMillis);
    return this.#ofStranger(here, nowMillis);
  }

  // It was seen in this unit. It arose in another one where it was seen there before, and has not been captured for
  // it: this unit has waited for that one. Unless it is known to be thrown again and again.
  #ofOwn(own: Sighting, here: ErrorPlace, nowMillis: number): Sighting {
    if (own.capturedIn !== undefined && isSameWork(own.capturedIn, own.place)) return own;
    const others = this.#sightings.filter(({ place }) => !isRelated(place, here));
    const before = others.filter(({ place }) => this.#isBefore(place, own.place));
    const isThrownAgain = before.length > 1 || before.some(({ capturedIn }) => capturedIn);
    if (own.capturedIn === undefined && isThrownAgain) return own;
    // A handler elsewhere has taken this unit's: then what it saw was its own.
    const isTaken = own.capturedIn !== undefined;
    const other = firstWaiting(isTaken ? others : before, nowMillis);
    if (isTaken) own.capturedIn = here;
    return other ?? own;
  }

  // It was not seen here before. A handler in somebody else's context sees it late, unless it was captured already
  // or is known to be thrown again and again.
  #ofStranger(here: ErrorPlace, nowMillis: number): Sighting {
    const waiting = firstWaiting(this.#sightings, nowMillis);
    if (waiting !== undefined && this.#sightings.length === 1) return waiting;
    const again = this.#sightings.find(
      ({ capturedIn }) => capturedIn && isSameWork(capturedIn, here),
    );
    return again ?? this.#add(here, nowMillis);
  }

  #relatedTo(here: ErrorPlace): Sighting | undefined {
    const { traceId } = here.trace;
    return (
      this.#sightings.find(({ place }) => place.trace.traceId === traceId) ??
      this.#sightings.find(({ place }) => isRelated(place, here))
    );
  }

  #isBefore(one: ErrorPlace, other: ErrorPlace): boolean {
    const places = this.#sightings.map(({ place }) => place);
    return places.indexOf(one) < places.indexOf(other);
  }

  #add(place: ErrorPlace, atMillis: number): Sighting {
    const sighting: Sighting = { place, atMillis, capturedIn: undefined };
    this.#sightings.push(sighting);
    if (this.#sightings.length > MAX_SIGHTINGS) this.#sightings.shift();
    return sighting;
  }
}

// For a handler outside of all of them: each in its turn, and the last one again after that.
function nextOf(sightings: readonly Sighting[], nowMillis: number): Sighting | undefined {
  return firstWaiting(sightings, nowMillis) ?? sightings.at(-1);
}

function firstWaiting(sightings: readonly Sighting[], nowMillis: number): Sighting | undefined {
  return sightings.find(
    ({ capturedIn, atMillis }) =>
      capturedIn === undefined && nowMillis - atMillis <= MAX_LATE_MILLIS,
  );
}

// Where no span is active, the trace is the unit's own.
function isSameWork(one: ErrorPlace, other: ErrorPlace): boolean {
  return one.scopes.unit === other.scopes.unit || one.trace.traceId === other.trace.traceId;
}

// A unit within another one, such as a fork inside of a request; the process's default unit is no work.
function isRelated(place: ErrorPlace, here: ErrorPlace): boolean {
  if (isSameWork(place, here) || isInside(place, here)) return true;
  return place.scopes.unit !== processScopes().defaultUnit && isInside(here, place);
}

function isInside(inner: ErrorPlace, outer: ErrorPlace): boolean {
  let unit: Unit | undefined = inner.scopes.unit.parent;
  while (unit !== undefined && unit !== outer.scopes.unit) unit = unit.parent;
  return unit !== undefined;
}
