import type { StartTimer } from "../../support/time.js";
import type { CircuitBreaker } from "./circuit-breaker.js";

/** Dependencies of `ProbeLine`. */
interface ProbeLineSettings {
  readonly breaker: CircuitBreaker;
  readonly startTimer: StartTimer;
  /** The clock of the circuit breaker. */
  readonly now: () => number;
}

/** Position and deadline of a held send. */
export interface QueuePosition {
  /** Lower numbers are sent first. */
  readonly order: number;
  /** Time by the same clock after which the envelope is no longer sent. */
  readonly untilMillis: number;
}

interface HeldSend extends QueuePosition {
  readonly leave: (mayGo: boolean) => void;
}

/**
 * Sends that wait while the server is unreachable. The first one is used for each probe, and all are released once the
 * server responds.
 */
export class ProbeLine {
  readonly #settings: ProbeLineSettings;
  readonly #held: HeldSend[] = [];
  #cancelProbe: (() => void) | undefined;

  constructor(settings: ProbeLineSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#held.length;
  }

  /** Resolves to true when the send may be made, to false at its deadline or when the line is ended. */
  enter(send: QueuePosition): Promise<boolean> {
    return new Promise((resolve) => {
      this.#insert({ ...send, leave: resolve });
      if (this.#cancelProbe === undefined) this.advance();
    });
  }

  /** Releases the first send if a probe is due, and schedules the next probe. */
  advance(): void {
    const { breaker, now } = this.#settings;
    const first = this.#held.find(({ untilMillis }) => untilMillis >= now());
    if (first !== undefined && breaker.takeProbe()) this.#remove(first, true);
    else this.#plan();
  }

  /** Releases all held sends. */
  release(): void {
    this.#empty(true);
  }

  /** Ends the line: all held sends resolve to false. */
  end(): void {
    this.#empty(false);
  }

  // A failed probe returns to its old position, but a new send goes last, so the search starts at the end.
  #insert(send: HeldSend): void {
    const index = this.#held.findLastIndex(({ order }) => order < send.order) + 1;
    this.#held.splice(index, 0, this.#expiring(send));
  }

  #expiring(send: HeldSend): HeldSend {
    if (send.untilMillis === Number.POSITIVE_INFINITY) return send;
    const cancel = this.#settings.startTimer(send.untilMillis - this.#settings.now(), () =>
      this.#remove(expiring, false),
    );
    const leave = (mayGo: boolean): void => {
      cancel();
      send.leave(mayGo);
    };
    const expiring: HeldSend = { ...send, leave };
    return expiring;
  }

  #remove(send: HeldSend, mayGo: boolean): void {
    const index = this.#held.indexOf(send);
    if (index >= 0) this.#held.splice(index, 1);
    this.#plan();
    send.leave(mayGo);
  }

  #empty(mayGo: boolean): void {
    const held = this.#held.splice(0);
    this.#plan();
    for (const { leave } of held) leave(mayGo);
  }

  #plan(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    if (this.#held.length === 0) return;
    const { breaker, startTimer, now } = this.#settings;
    this.#cancelProbe = startTimer(Math.max(breaker.nextProbeAt - now(), 0), () => this.advance());
  }
}

/** The delay before the next attempt of a send. */
interface RetryPause {
  readonly delayMillis: number;
  /** True if the delay may end early, when the server is reachable again or a flush is waiting. */
  readonly canBeCut: boolean;
}

interface OngoingPause {
  readonly canBeCut: boolean;
  readonly end: (isOver: boolean) => void;
}

// Each has a slot of the sender, for minutes if it is a check-in: a proxy that resets all check-ins must not take them all.
const MANY_PAUSES = 32;

/** Sends that back off, each with a delay of its own. */
export class RetryPauses {
  readonly #startTimer: StartTimer;
  readonly #ongoing = new Set<OngoingPause>();

  constructor(startTimer: StartTimer) {
    this.#startTimer = startTimer;
  }

  get size(): number {
    return this.#ongoing.size;
  }

  /** True if no check-in should be added for a third attempt or a later one. */
  get areMany(): boolean {
    return this.#ongoing.size >= MANY_PAUSES;
  }

  /** Resolves to true when the pause is over, to false if `end` has cancelled it. */
  pause({ delayMillis, canBeCut }: RetryPause): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isOver: boolean): void => {
        this.#ongoing.delete(pause);
        cancel();
        resolve(isOver);
      };
      const cancel = this.#startTimer(delayMillis, () => end(true));
      const pause: OngoingPause = { canBeCut, end };
      this.#ongoing.add(pause);
    });
  }

  /** Ends the pauses that may end early; their sends are retried. */
  cut(): void {
    for (const { canBeCut, end } of this.#ongoing) if (canBeCut) end(true);
  }

  /** Ends all pauses; their sends are not retried. */
  end(): void {
    for (const { end } of this.#ongoing) end(false);
  }
}
