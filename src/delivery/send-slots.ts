import type { Timers } from "../support/time.js";
import { sizeOf } from "../protocol/envelope.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";

/** How many envelopes may be in flight at a time. */
export interface SlotBounds {
  /** While few envelopes wait. */
  readonly min: number;
  /** While many envelopes wait. */
  readonly max: number;
  /** Additional envelopes while those in flight get no response. */
  readonly stalled: number;
  /**
   * Bytes in flight above which only errors and check-ins are sent: a server that hangs must not use up the memory of
   * all other buffers.
   */
  readonly maxBytes: number;
}

// A few warm connections are enough for a nearby server. Only a backlog, which a distant or slow server causes,
// justifies more.
const WAITING_PER_EXTRA_SLOT = 8;

// Extra slots for errors and check-ins, which must not wait behind transactions that a slow server holds.
const URGENT_SLOTS = 4;

/**
 * A response that takes longer may never come. If all slots wait for such responses, one more envelope is sent per
 * interval, so that a recovered server is noticed at once instead of at the deadlines of the others. A send is
 * considered lost, and frees its slot, if one that started later has already been answered.
 */
export const STALL_MILLIS = 500;

/** The envelopes in flight, and whether there is room for one more. */
export class SendSlots implements Iterable<EncodedEnvelope> {
  readonly #bounds: SlotBounds;
  readonly #startedAt = new Map<EncodedEnvelope, number>();
  #bytes = 0;
  // Start of the newest send that has ended; sends in flight that started earlier were overtaken.
  #overtakenUntil = Number.NEGATIVE_INFINITY;

  constructor(bounds: SlotBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#startedAt.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Start time of the oldest send in flight. */
  get oldest(): number | undefined {
    // A map iterates in insertion order.
    const [oldest] = this.#startedAt.values();
    return oldest;
  }

  take(envelope: EncodedEnvelope, nowMillis: number): void {
    this.#startedAt.set(envelope, nowMillis);
    this.#bytes += sizeOf(envelope);
  }

  /** Returns the start time of a send; undefined if the envelope is not in flight. */
  since(envelope: EncodedEnvelope): number | undefined {
    return this.#startedAt.get(envelope);
  }

  /** Frees the slot of an envelope; returns whether it was in flight. */
  free(envelope: EncodedEnvelope): boolean {
    const startedAt = this.#startedAt.get(envelope);
    if (startedAt === undefined) return false;
    this.#startedAt.delete(envelope);
    this.#overtakenUntil = Math.max(this.#overtakenUntil, startedAt);
    this.#bytes -= sizeOf(envelope);
    return true;
  }

  hasRoom(waiting: number, isUrgent: boolean, nowMillis: number): boolean {
    const { min, max, stalled, maxBytes } = this.#bounds;
    if (this.#bytes >= maxBytes && !isUrgent) return false;
    const usual = Math.min(min + Math.floor(waiting / WAITING_PER_EXTRA_SLOT), max);
    const { size } = this.#startedAt;
    if (size < usual) return true;
    if (size >= max + stalled) return false;
    const lost = this.#lost(nowMillis);
    const extra = this.#silentTimes(lost, nowMillis) + (isUrgent ? URGENT_SLOTS : 0);
    return size - lost < usual + Math.min(extra, stalled);
  }

  [Symbol.iterator](): Iterator<EncodedEnvelope> {
    return this.#startedAt.keys();
  }

  /** Returns how many of the oldest sends were overtaken and got no response. */
  #lost(nowMillis: number): number {
    const stalledUntil = nowMillis - STALL_MILLIS;
    let count = 0;
    for (const startedAt of this.#startedAt.values()) {
      if (startedAt > stalledUntil || startedAt >= this.#overtakenUntil) break;
      count += 1;
    }
    return count;
  }

  /** Returns how many stall intervals have passed since the oldest send that is not lost started. */
  #silentTimes(lost: number, nowMillis: number): number {
    let index = 0;
    for (const startedAt of this.#startedAt.values()) {
      if (index === lost) return Math.floor((nowMillis - startedAt) / STALL_MILLIS);
      index += 1;
    }
    return 0;
  }
}

/** Dependencies of `DrainSchedule`. */
interface DrainScheduleSettings {
  readonly timers: Timers;
  /** Sends as many envelopes as there are free slots. */
  readonly drain: () => void;
  /** Runs a function outside of any unit of work. */
  readonly detached: (run: () => void) => void;
}

/** Schedules when the queue is drained. Each kind of run is scheduled at most once at a time. */
export class DrainSchedule {
  readonly #settings: DrainScheduleSettings;
  #isDue = false;
  #isStallWatched = false;
  #isLettingGo = false;

  constructor(settings: DrainScheduleSettings) {
    this.#settings = settings;
  }

  /**
   * Drains after the current turn of the event loop: the user's request, in which a span ends, goes first, and a burst
   * is sent together.
   */
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

  /** Drains after the stall interval, since only the passing of time frees slots while no response arrives. */
  afterStall(): void {
    if (this.#isStallWatched) return;
    this.#isStallWatched = true;
    this.#settings.timers.inBackground(STALL_MILLIS, () => {
      this.#isStallWatched = false;
      this.#settings.drain();
    });
  }

  /** Makes sure that from now on no scheduled run keeps the process alive. */
  letGo(): void {
    this.#isLettingGo = true;
  }
}
