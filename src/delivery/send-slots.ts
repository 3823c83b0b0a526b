import { sizeOf } from "../protocol/envelope.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import { isUrgentCategory } from "../protocol/data-category.js";
import type { EnvelopeQueue } from "./envelope-queue.js";
import { LinkedList } from "../support/collections.js";
import type { Link } from "../support/collections.js";
import type { SendObserver, SenderResult } from "./transport.js";

/** How many envelopes may be in flight at a time. */
export interface SlotBounds {
  /** The limit while few envelopes wait. */
  readonly min: number;
  /** The limit while many envelopes wait. */
  readonly max: number;
  /** Added to the limit while none of the envelopes in flight gets a response. */
  readonly stalled: number;
  /**
   * How many errors and check-ins may be in flight whatever else is: they must not wait behind transactions that a slow server
   * holds. Default 4. The maximum is the sum of `max`, `stalled` and this.
   */
  readonly urgent?: number | undefined;
  /**
   * Bytes in flight above which only errors and check-ins are sent, and half as many again above which only check-ins are:
   * a server that hangs must not use up the memory of all other buffers.
   */
  readonly maxBytes: number;
}

// A few warm connections are enough for a nearby server. Only a backlog, which a distant or slow server or a busy process
// causes, justifies more. With 8 instead of 2, a saturated process keeps a hundred envelopes waiting for 30 ms, which is
// long enough for the collector to move them to the old generation: a tenth of all that was allocated, against 1 %.
const WAITING_PER_EXTRA_SLOT = 2;

/** Default for `SlotBounds.urgent`. */
export const DEFAULT_URGENT = 4;

/** Bytes of errors that may be in flight, as a multiple of those of other envelopes. */
const URGENT_SHARE = 1.5;

/** Default for `SlotBounds.min`. */
export const DEFAULT_MIN_CONCURRENCY = 4;

/**
 * A response that takes longer may never come. If all slots wait for such responses, one more envelope is sent per
 * interval, so that a recovered server is noticed at once instead of at the deadlines of the others. A send is
 * considered lost, and frees its slot, if one that started later has already been answered.
 */
export const STALL_MILLIS = 500;

/** The queue, as far as it decides about room. */
type WaitingEnvelopes = Pick<EnvelopeQueue, "hasCheckIn" | "isUrgent" | "items">;

/** Receives the outcomes of the envelopes in flight. */
interface SlotOwner {
  settled(slot: Slot, result: SenderResult): void;
  threw(slot: Slot, error: unknown): void;
}

/** An envelope in flight, which passes its outcome on. */
export class Slot implements SendObserver<SenderResult> {
  readonly envelope: EncodedEnvelope;
  readonly startedAt: number;
  readonly #owner: SlotOwner;
  /** Its entry in the list of slots; undefined if it is free. */
  link: Link<Slot> | undefined;

  constructor(envelope: EncodedEnvelope, startedAt: number, owner: SlotOwner) {
    this.envelope = envelope;
    this.startedAt = startedAt;
    this.#owner = owner;
  }

  get isFree(): boolean {
    return this.link === undefined;
  }

  // A custom transport may resolve with a value that is not a `SendResult`.
  settled(result: SenderResult): void {
    try {
      this.#owner.settled(this, result);
    } catch (error) {
      this.#owner.threw(this, error);
    }
  }

  threw(error: unknown): void {
    this.#owner.threw(this, error);
  }
}

/**
 * The envelopes in flight, and whether there is room for one more. In a list, because a `Map` to which each envelope is
 * added keeps most of them alive for the garbage collector.
 */
export class SendSlots implements Iterable<EncodedEnvelope> {
  readonly #bounds: SlotBounds;
  readonly #owner: SlotOwner;
  /** In the order of their starts. */
  readonly #slots = new LinkedList<Slot>();
  #size = 0;
  /** Number of errors and check-ins among them. */
  #urgent = 0;
  #bytes = 0;
  // Start of the newest send that has ended; sends in flight that started earlier were overtaken.
  #overtakenUntil = Number.NEGATIVE_INFINITY;

  constructor(bounds: SlotBounds, owner: SlotOwner) {
    this.#bounds = bounds;
    this.#owner = owner;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Start time of the oldest send in flight. */
  get oldest(): number | undefined {
    return this.#slots.first?.value.startedAt;
  }

  /** Takes a slot for an envelope. The time is not earlier than that of any other. */
  take(envelope: EncodedEnvelope, nowMillis: number): Slot {
    const slot = new Slot(envelope, nowMillis, this.#owner);
    slot.link = this.#slots.push(slot);
    this.#size += 1;
    if (isUrgentCategory(envelope.category)) this.#urgent += 1;
    this.#bytes += sizeOf(envelope);
    return slot;
  }

  /** Returns the start time of a send; undefined if the envelope is not in flight. */
  since(envelope: EncodedEnvelope): number | undefined {
    return this.slots().find((slot) => slot.envelope === envelope)?.startedAt;
  }

  /** Frees a slot; returns false if it was free already. */
  free(slot: Slot): boolean {
    const { link } = slot;
    if (link === undefined) return false;
    this.#slots.remove(link);
    slot.link = undefined;
    this.#overtakenUntil = Math.max(this.#overtakenUntil, slot.startedAt);
    this.#size -= 1;
    if (isUrgentCategory(slot.envelope.category)) this.#urgent -= 1;
    this.#bytes -= sizeOf(slot.envelope);
    return true;
  }

  /** Tells whether the next envelope of a queue may be sent. */
  hasRoom(queue: WaitingEnvelopes, nowMillis: number): boolean {
    const { min, max, stalled, urgent = DEFAULT_URGENT } = this.#bounds;
    if (this.#bytes >= this.#maxBytes(queue)) return false;
    const usual = Math.min(min + Math.floor(queue.items / WAITING_PER_EXTRA_SLOT), max);
    const size = this.#size;
    if (size < usual || (queue.isUrgent && this.#urgent < urgent)) return true;
    if (size >= max + stalled + (queue.isUrgent ? urgent : 0)) return false;
    const lost = this.#lost(nowMillis);
    return size - lost < usual + Math.min(this.#silentTimes(lost, nowMillis), stalled);
  }

  *[Symbol.iterator](): Iterator<EncodedEnvelope> {
    for (const { envelope } of this.slots()) yield envelope;
  }

  /** Returns all slots, oldest first. */
  slots(): readonly Slot[] {
    const slots: Slot[] = [];
    for (let link = this.#slots.first; link !== undefined; link = link.next) slots.push(link.value);
    return slots;
  }

  // Check-ins are few and small. Errors could fill all buffers, so that check-ins had no place to wait.
  #maxBytes({ isUrgent, hasCheckIn }: WaitingEnvelopes): number {
    if (hasCheckIn) return Infinity;
    return this.#bounds.maxBytes * (isUrgent ? URGENT_SHARE : 1);
  }

  /** Returns how many of the oldest sends were overtaken and got no response. */
  #lost(nowMillis: number): number {
    const stalledUntil = nowMillis - STALL_MILLIS;
    let count = 0;
    for (let link = this.#slots.first; link !== undefined; link = link.next) {
      const { startedAt } = link.value;
      if (startedAt > stalledUntil || startedAt >= this.#overtakenUntil) break;
      count += 1;
    }
    return count;
  }

  /** Returns how many stall intervals have passed since the oldest send that is not lost started. */
  #silentTimes(lost: number, nowMillis: number): number {
    let link = this.#slots.first;
    for (let index = 0; index < lost; index += 1) link = link?.next;
    return link === undefined ? 0 : Math.floor((nowMillis - link.value.startedAt) / STALL_MILLIS);
  }
}
