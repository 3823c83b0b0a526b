import type { EncodedEnvelope } from "../protocol/envelope.js";
import { PRIORITIES, priorityOf } from "../protocol/data-category.js";
import { Fifo } from "../support/collections.js";

/** Upper bounds of a queue. Neither is ever exceeded. */
export interface QueueBounds {
  readonly maxBytes: number;
  readonly maxItems: number;
  /**
   * Returns the bytes of envelopes that have left the queue but are still in memory; they count towards `maxBytes`.
   * Default: none.
   */
  readonly bytesElsewhere?: () => number;
}

/** Envelopes that wait to be sent: highest priority first, first in first out within a priority. */
export interface EnvelopeQueue extends Iterable<EncodedEnvelope> {
  /**
   * Adds an envelope, with the time at which it was captured; returns the envelopes that were evicted for it,
   * possibly itself.
   */
  push(envelope: EncodedEnvelope, nowMillis?: number): readonly EncodedEnvelope[];
  /** Removes and returns the next envelope to send. */
  shift(): EncodedEnvelope | undefined;
  /** Removes and returns all envelopes, in sending order. */
  takeAll(): EncodedEnvelope[];
  /** True if a check-in, a session or an error is waiting. */
  readonly isUrgent: boolean;
  /** True if the queue is nearly full: at 90 % of either bound. */
  readonly isFull: boolean;
  /** Time at which the oldest waiting envelope was added. */
  readonly oldest: number | undefined;
  readonly items: number;
  readonly bytes: number;
}

const LAST_URGENT = priorityOf("error");

// Share of a bound at which the queue counts as full. Below 1, because eviction removes whole envelopes and so rarely
// leaves an overflowing queue filled to the last byte.
const FULL = 0.9;
const NOTHING: readonly EncodedEnvelope[] = [];

/** Creates an empty queue. */
export function createEnvelopeQueue(bounds: QueueBounds): EnvelopeQueue {
  return new LanedQueue(bounds);
}

/** Envelopes of one priority, with the times at which they were added. */
class Lane implements Iterable<EncodedEnvelope> {
  readonly #envelopes = new Fifo<EncodedEnvelope>();
  readonly #times = new Fifo<number>();

  get size(): number {
    return this.#envelopes.size;
  }

  get oldest(): number | undefined {
    return this.#times.first;
  }

  push(envelope: EncodedEnvelope, nowMillis: number): void {
    this.#envelopes.push(envelope);
    this.#times.push(nowMillis);
  }

  shift(): EncodedEnvelope | undefined {
    this.#times.shift();
    return this.#envelopes.shift();
  }

  [Symbol.iterator](): Iterator<EncodedEnvelope> {
    return this.#envelopes[Symbol.iterator]();
  }
}

class LanedQueue implements EnvelopeQueue {
  readonly #bounds: QueueBounds;
  readonly #lanes = Array.from({ length: PRIORITIES }, () => new Lane());
  #items = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get items(): number {
    return this.#items;
  }

  get isUrgent(): boolean {
    return (this.#lanes[0]?.size ?? 0) > 0 || (this.#lanes[LAST_URGENT]?.size ?? 0) > 0;
  }

  get isFull(): boolean {
    const { maxItems, maxBytes } = this.#bounds;
    return this.#items >= FULL * maxItems || this.#heldBytes() >= FULL * maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): number | undefined {
    const times = this.#lanes.flatMap(({ oldest }) => oldest ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  push(envelope: EncodedEnvelope, nowMillis: number = 0): readonly EncodedEnvelope[] {
    // It would not fit into an empty queue either, so nothing is evicted for it.
    if (envelope.body.length > this.#bounds.maxBytes) return [envelope];
    this.#lanes[priorityOf(envelope.category)]?.push(envelope, nowMillis);
    this.#items += 1;
    this.#bytes += envelope.body.length;
    return this.#isOverfull() ? this.#evict() : NOTHING;
  }

  shift(): EncodedEnvelope | undefined {
    return this.#take(this.#lanes.find((lane) => lane.size > 0));
  }

  takeAll(): EncodedEnvelope[] {
    const taken = [...this];
    while (this.#items > 0) this.shift();
    return taken;
  }

  *[Symbol.iterator](): Iterator<EncodedEnvelope> {
    for (const lane of this.#lanes) yield* lane;
  }

  #isOverfull(): boolean {
    const { maxItems, maxBytes } = this.#bounds;
    return this.#items > maxItems || this.#heldBytes() > maxBytes;
  }

  #heldBytes(): number {
    return this.#bytes + (this.#bounds.bytesElsewhere?.() ?? 0);
  }

  #evict(): EncodedEnvelope[] {
    const evicted: EncodedEnvelope[] = [];
    while (this.#isOverfull()) {
      const envelope = this.#take(this.#lanes.findLast((lane) => lane.size > 0));
      if (envelope === undefined) break;
      evicted.push(envelope);
    }
    return evicted;
  }

  #take(lane: Lane | undefined): EncodedEnvelope | undefined {
    const envelope = lane?.shift();
    if (envelope === undefined) return undefined;
    this.#items -= 1;
    this.#bytes -= envelope.body.length;
    return envelope;
  }
}
