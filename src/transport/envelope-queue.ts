import type { DataCategory } from "../protocol/data-category.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import { Fifo } from "./fifo.js";

/** Upper bounds of a queue; both hold at any time. */
export interface QueueBounds {
  readonly maxBytes: number;
  readonly maxItems: number;
}

/** Envelopes that wait to be sent: highest priority first, first in first out within a priority. */
export interface EnvelopeQueue extends Iterable<EncodedEnvelope> {
  /** Adds an envelope; returns those that had to go for it (it may be among them). */
  push(envelope: EncodedEnvelope): readonly EncodedEnvelope[];
  /** Takes the next envelope to send. */
  shift(): EncodedEnvelope | undefined;
  readonly items: number;
  readonly bytes: number;
}

// Position in the list of lanes; what is not named goes last.
const LANE_BY_CATEGORY: Partial<Record<DataCategory, number>> = {
  monitor: 0,
  session: 0,
  error: 0,
  feedback: 1,
  transaction: 2,
  span: 3,
};
const LAST_LANE = 4;
const NOTHING: readonly EncodedEnvelope[] = [];

/** Builds an empty queue. */
export function createEnvelopeQueue(bounds: QueueBounds): EnvelopeQueue {
  return new LanedQueue(bounds);
}

class LanedQueue implements EnvelopeQueue {
  readonly #bounds: QueueBounds;
  readonly #lanes = Array.from({ length: LAST_LANE + 1 }, () => new Fifo<EncodedEnvelope>());
  #items = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(envelope: EncodedEnvelope): readonly EncodedEnvelope[] {
    // It could not stay even if all others went, so none of them goes.
    if (envelope.body.length > this.#bounds.maxBytes) return [envelope];
    this.#lanes[LANE_BY_CATEGORY[envelope.category] ?? LAST_LANE]?.push(envelope);
    this.#items += 1;
    this.#bytes += envelope.body.length;
    return this.#isOverfull() ? this.#evict() : NOTHING;
  }

  shift(): EncodedEnvelope | undefined {
    return this.#take(this.#lanes.find((lane) => lane.size > 0));
  }

  *[Symbol.iterator](): Iterator<EncodedEnvelope> {
    for (const lane of this.#lanes) yield* lane;
  }

  #isOverfull(): boolean {
    return this.#items > this.#bounds.maxItems || this.#bytes > this.#bounds.maxBytes;
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

  #take(lane: Fifo<EncodedEnvelope> | undefined): EncodedEnvelope | undefined {
    const envelope = lane?.shift();
    if (envelope === undefined) return undefined;
    this.#items -= 1;
    this.#bytes -= envelope.body.length;
    return envelope;
  }
}
