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
 * deadlines of the others have passed.
 */
export const STALL_MILLIS = 500;

/** The envelopes under way, and whether there is room for one more. */
export class SendSlots implements Iterable<EncodedEnvelope> {
  readonly #bounds: SlotBounds;
  readonly #startedAt = new Map<EncodedEnvelope, number>();
  #bytes = 0;
  // Later ones are answered while the oldest is not: then the server is there, and those are lost.
  #overtakes = false;

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
    const oldest = this.oldest;
    const startedAt = this.#startedAt.get(envelope);
    if (!this.#startedAt.delete(envelope)) return false;
    this.#overtakes = startedAt !== oldest && this.oldest === oldest;
    this.#bytes -= envelope.body.length;
    return true;
  }

  hasRoom(waiting: number, isUrgent: boolean, nowMillis: number): boolean {
    const { min, max, stalled } = this.#bounds;
    const usual = Math.min(min + Math.floor(waiting / WAITING_PER_EXTRA_SLOT), max);
    if (this.#startedAt.size < usual) return true;
    const extra = this.#stalledSlots(nowMillis) + (isUrgent ? URGENT_SLOTS : 0);
    return this.#startedAt.size < usual + Math.min(extra, stalled);
  }

  [Symbol.iterator](): Iterator<EncodedEnvelope> {
    return this.#startedAt.keys();
  }

  #stalledSlots(nowMillis: number): number {
    if (this.#overtakes) return this.#stalled(nowMillis);
    return Math.floor((nowMillis - (this.oldest ?? nowMillis)) / STALL_MILLIS);
  }

  #stalled(nowMillis: number): number {
    let count = 0;
    for (const startedAt of this.#startedAt.values()) {
      if (nowMillis - startedAt < STALL_MILLIS) break;
      count += 1;
    }
    return count;
  }
}
