import type { Timers } from "../../support/time.js";

interface DeadlineWatchSettings {
  readonly timers: Timers;
  readonly now: () => number;
  /** Ends everything that is due, and returns the next deadline. */
  readonly onDue: (now: number) => number;
}

/**
 * One timer for all deadlines of a pool. Each request only makes sure that the timer fires no later than its own
 * deadline, which is nearly always so while other requests are in flight.
 */
export class DeadlineWatch {
  readonly #settings: DeadlineWatchSettings;
  #firesAt = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(settings: DeadlineWatchSettings) {
    this.#settings = settings;
  }

  /** Makes sure that `onDue` runs at this time, or earlier. */
  add(deadlineAt: number): void {
    if (deadlineAt >= this.#firesAt) return;
    this.stop();
    this.#firesAt = deadlineAt;
    const { timers, now } = this.#settings;
    const delay = Math.max(1, Math.ceil(deadlineAt - now()));
    // After a blocked event loop, timers run before sockets are read: read what has arrived before anything is given
    // up.
    this.#cancel = timers.inBackground(delay, () => timers.soon(() => this.#fire()));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.stop();
    const { now, onDue } = this.#settings;
    this.add(onDue(now()));
  }
}
