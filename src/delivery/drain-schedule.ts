import { STALL_MILLIS } from "./send-slots.js";
import type { Timers } from "../support/time.js";

/** What a schedule is made of. */
export interface DrainScheduleSettings {
  readonly timers: Timers;
  /** Sends what there is room for. */
  readonly drain: () => void;
  /** Runs a function outside of any unit of work. */
  readonly detached: (run: () => void) => void;
}

/** When the queue is looked at: each kind of look is planned once at a time. */
export class DrainSchedule {
  readonly #settings: DrainScheduleSettings;
  #isDue = false;
  #isStallWatched = false;
  #isLettingGo = false;

  constructor(settings: DrainScheduleSettings) {
    this.#settings = settings;
  }

  /** A span ends on the stack of the user's request: that goes first, and a burst is started as one. */
  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const { timers, drain, detached } = this.#settings;
    const run = (): void => {
      this.#isDue = false;
      drain();
    };
    detached(() => (this.#isLettingGo ? timers.inBackground(0, run) : timers.soon(run)));
  }

  /** Room that opens by time alone, while answers stay away, needs somebody to look. */
  afterStall(): void {
    if (this.#isStallWatched) return;
    this.#isStallWatched = true;
    this.#settings.timers.inBackground(STALL_MILLIS, () => {
      this.#isStallWatched = false;
      this.#settings.drain();
    });
  }

  /** From now on no look keeps the process alive. */
  letGo(): void {
    this.#isLettingGo = true;
  }
}
