import type { Timers } from "../../support/time.js";

/** What the watch is made of. */
export interface DeadlineWatchSettings {
  readonly timers: Timers;
  /** Milliseconds by a clock that does not jump. */
  readonly now: () => number;
  /** Ends what is due; returns when it is to be asked next. */
  readonly onDue: (now: number) => number;
}

/**
 * One timer for all deadlines of a pool. A request sets none of its own: it only makes sure that the
 * timer fires no later than its deadline, and while others are under way it nearly always does.
 */
export class DeadlineWatch {
  readonly #settings: DeadlineWatchSettings;
  #firesAt = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(settings: DeadlineWatchSettings) {
    this.#settings = settings;
  }

  /** Has `onDue` asked at this time, if not before. */
  add(deadlineAt: number): void {
    if (deadlineAt >= this.#firesAt) return;
    this.stop();
    this.#firesAt = deadlineAt;
    const { timers, now } = this.#settings;
    const delay = Math.max(1, Math.ceil(deadlineAt - now()));
    // After a blocked event loop the timers come first. What has arrived meanwhile is read before
    // anything is given up.
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
