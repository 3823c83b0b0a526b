import type { EncodedEnvelope } from "../protocol/envelope.js";

/** How many envelopes may be under way at one time. */
export interface SlotBounds {
  /** While few wait. */
  readonly min: number;
  /** While many wait. */
  readonly max: number;
  /** More, while those under way get no answer. */
  readonly stalled: number;
}

// A near server is served by few connections that stay warm; only a backlog, which a far or slow
// server makes, is worth more of them.
const WAITING_PER_EXTRA_SLOT = 8;

// What must not wait behind transactions that a slow server holds.
const URGENT_SLOTS = 4;

/**
 * An answer that takes longer may never come. If all slots wait for such answers, one more envelope
 * goes out in each such time: the server that has come back is noticed within it, and not when the
 * deadlines of the others have passed. What was overtaken by an answer in this time is taken for
 * lost, and holds no slot any more.
 */
export const STALL_MILLIS = 500;

/** The envelopes under way, and whether there is room for one more. */
export class SendSlots implements Iterable<EncodedEnvelope> {
  readonly #bounds: SlotBounds;
  readonly #startedAt = new Map<EncodedEnvelope, number>();
  #bytes = 0;
  // The latest start of one that has come to its end: what is older than that was overtaken.
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

  /** When the one started that has been under way longest. */
  get oldest(): number | undefined {
    // A map keeps the order in which its entries were made.
    const [oldest] = this.#startedAt.values();
    return oldest;
  }

  take(envelope: EncodedEnvelope, nowMillis: number): void {
    this.#startedAt.set(envelope, nowMillis);
    this.#bytes += envelope.body.length;
  }

  /** When the envelope started; undefined if it is not under way. */
  since(envelope: EncodedEnvelope): number | undefined {
    return this.#startedAt.get(envelope);
  }

  /** Whether the envelope was under way. */
  free(envelope: EncodedEnvelope): boolean {
    const startedAt = this.#startedAt.get(envelope);
    if (startedAt === undefined) return false;
    this.#startedAt.delete(envelope);
    this.#overtakenUntil = Math.max(this.#overtakenUntil, startedAt);
    this.#bytes -= envelope.body.length;
    return true;
  }

  hasRoom(waiting: number, isUrgent: boolean, nowMillis: number): boolean {
    const { min, max, stalled } = this.#bounds;
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

  /** How many, from the oldest on, are overtaken and get no answer. */
  #lost(nowMillis: number): number {
    const stalledUntil = nowMillis - STALL_MILLIS;
    let count = 0;
    for (const startedAt of this.#startedAt.values()) {
      if (startedAt > stalledUntil || startedAt >= this.#overtakenUntil) break;
      count += 1;
    }
    return count;
  }

  /** How often the time of a stall has passed since the oldest that is not lost has started. */
  #silentTimes(lost: number, nowMillis: number): number {
    let index = 0;
    for (const startedAt of this.#startedAt.values()) {
      if (index === lost) return Math.floor((nowMillis - startedAt) / STALL_MILLIS);
      index += 1;
    }
    return 0;
  }
}
