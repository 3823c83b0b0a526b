import type { Timers } from "../support/time.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { EnvelopeQueue } from "./envelope-queue.js";
import { STALL_MILLIS } from "./send-slots.js";

/** Dependencies of `DrainSchedule`. */
interface DrainScheduleSettings {
  readonly timers: Timers;
  readonly queue: EnvelopeQueue;
  /** Returns true if nothing that waits is to be sent any more. */
  readonly isStopped: () => boolean;
  /** Returns true if a slot is free for the next envelope of the queue. */
  readonly hasRoom: () => boolean;
  /** Starts to send an envelope that has left the queue. */
  readonly start: (envelope: EncodedEnvelope) => void;
  /** Runs a function outside of any unit of work. */
  readonly detached: (run: () => void) => void;
}

/** Drains the queue, now or later. Each kind of run is scheduled at most once at a time. */
export class DrainSchedule {
  readonly #settings: DrainScheduleSettings;
  #isDraining = false;
  #isDue = false;
  #isStallWatched = false;
  #isUnref = false;

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
      this.#startAll();
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
    detached(() => (this.#isUnref ? timers.inBackground(0, run) : timers.soon(run)));
  }

  #startAll(): void {
    const { queue, isStopped, hasRoom, start } = this.#settings;
    while (queue.items > 0 && !isStopped()) {
      if (!hasRoom()) return this.#afterStall();
      const envelope = queue.shift();
      if (envelope !== undefined) start(envelope);
    }
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
  unref(): void {
    this.#isUnref = true;
  }
}
