import type { CircuitBreaker } from "./circuit-breaker.js";

/** Runs something once after a time, in the background; returns what cancels it. */
export type Later = (delayMillis: number, run: () => void) => () => void;

/** What a line of sends depends on. */
export interface ProbeLineSettings {
  readonly breaker: CircuitBreaker;
  readonly later: Later;
  /** The breaker's clock. */
  readonly now: () => number;
}

/** Where a send stands in the line, and how long. */
export interface Place {
  /** Smaller goes first. */
  readonly order: number;
  /** By the same clock; it does not go after that. */
  readonly untilMillis: number;
}

interface HeldPlace extends Place {
  readonly leave: (mayGo: boolean) => void;
}

/** Sends that wait for the server to come back: the first of them goes as each probe, all once it is there. */
export class ProbeLine {
  readonly #settings: ProbeLineSettings;
  readonly #places: HeldPlace[] = [];
  #cancelProbe: (() => void) | undefined;

  constructor(settings: ProbeLineSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#places.length;
  }

  /** Resolves with true when the send may go, with false when its time is over or the line ends. */
  enter(place: Place): Promise<boolean> {
    return new Promise((resolve) => {
      this.#insert({ ...place, leave: resolve });
      if (this.#cancelProbe === undefined) this.advance();
    });
  }

  /** Lets the first one go if a probe is due, and sees to the next probe. */
  advance(): void {
    const { breaker, now } = this.#settings;
    const first = this.#places.find(({ untilMillis }) => untilMillis >= now());
    if (first !== undefined && breaker.takeProbe()) this.#remove(first, true);
    else this.#plan();
  }

  /** All go. */
  release(): void {
    this.#empty(true);
  }

  /** None goes. */
  end(): void {
    this.#empty(false);
  }

  // Probes come back to where they were; what is new goes last, and is looked for there first.
  #insert(place: HeldPlace): void {
    const index = this.#places.findLastIndex(({ order }) => order < place.order) + 1;
    this.#places.splice(index, 0, this.#expiring(place));
  }

  #expiring(place: HeldPlace): HeldPlace {
    if (place.untilMillis === Number.POSITIVE_INFINITY) return place;
    const cancel = this.#settings.later(place.untilMillis - this.#settings.now(), () =>
      this.#remove(expiring, false),
    );
    const leave = (mayGo: boolean): void => {
      cancel();
      place.leave(mayGo);
    };
    const expiring: HeldPlace = { ...place, leave };
    return expiring;
  }

  #remove(place: HeldPlace, mayGo: boolean): void {
    const index = this.#places.indexOf(place);
    if (index >= 0) this.#places.splice(index, 1);
    this.#plan();
    place.leave(mayGo);
  }

  #empty(mayGo: boolean): void {
    const places = this.#places.splice(0);
    this.#plan();
    for (const { leave } of places) leave(mayGo);
  }

  #plan(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    if (this.#places.length === 0) return;
    const { breaker, later, now } = this.#settings;
    this.#cancelProbe = later(Math.max(breaker.nextProbeAt - now(), 0), () => this.advance());
  }
}
