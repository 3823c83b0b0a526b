import type { Timers } from "../support/time.js";
import { STALL_MILLIS } from "./send-slots.js";

/** Dependencies of `DrainSchedule`. */
interface DrainScheduleSettings {
  readonly timers: Timers;
  /** Starts to send the next envelope, if one waits and a slot is free. */
  readonly startNext: () => "empty" | "full" | "started";
  /** Runs a function outside of any unit of work. */
  readonly detached: (run: () => void) => void;
}

/** Drains the queue, now or later. Each kind of run is scheduled at most once at a time. */
export class DrainSchedule {
  readonly #settings: DrainScheduleSettings;
  #isDraining = false;
  #isDue = false;
  #isStallWatched = false;
  #isLettingGo = false;

  constructor(settings: DrainScheduleSettings) {
    this.#settings = settings;
  }

  /**
   * Sends as many envelopes as there are free slots. An envelope may have its outcome before the next one is started, and
   * frees its slot then; this loop goes on instead of calling itself.
   */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      let progress = this.#settings.startNext();
      while (progress === "started") progress = this.#settings.startNext();
      if (progress === "full") this.#afterStall();
    } finally {
      this.#isDraining = false;
    }
  }

  /**
   * Drains after the current turn of the event loop: the user's request, in which a span ends, goes first, and a burst
   * is sent together.
   */
  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const { timers, detached } = this.#settings;
    const run = (): void => {
      this.#isDue = false;
      this.drain();
    };
    detached(() => (this.#isLettingGo ? timers.inBackground(0, run) : timers.soon(run)));
  }

  // Only the passing of time frees slots while no response arrives.
  #afterStall(): void {
    if (this.#isStallWatched) return;
    this.#isStallWatched = true;
    this.#settings.timers.inBackground(STALL_MILLIS, () => {
      this.#isStallWatched = false;
      this.drain();
    });
  }

  /** Makes sure that from now on no scheduled run keeps the process alive. */
  letGo(): void {
    this.#isLettingGo = true;
  }
}
