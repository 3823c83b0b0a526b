import { sizeOf } from "../protocol/envelope.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import { PRIORITIES, priorityOf } from "../protocol/data-category.js";
import { Fifo } from "../support/collections.js";
import { NEARLY_FULL } from "./memory-bound.js";
import type { BoundedBuffer, MemoryBound } from "./memory-bound.js";

/** Limits of a queue, and the callback for envelopes that exceed them. */
export interface QueueSettings {
  readonly maxItems: number;
  /** Limits the bytes of the envelopes, together with other buffers. */
  readonly memory: MemoryBound;
  /** Bytes of envelopes that have left the queue and are still in memory. Default: none. */
  readonly bytesElsewhere?: () => number;
  /** Called with each evicted envelope. */
  readonly onEvicted: (envelope: EncodedEnvelope) => void;
}

/** Envelopes that wait to be sent: highest priority first, first in first out within a priority. */
export interface EnvelopeQueue extends Iterable<EncodedEnvelope> {
  /** Adds an envelope, with the time at which it was captured. If a limit is exceeded, evicts others or the new one. */
  push(envelope: EncodedEnvelope, nowMillis?: number): void;
  /** Removes and returns the next envelope to send. */
  shift(): EncodedEnvelope | undefined;
  /** Removes and returns all envelopes, in sending order. */
  takeAll(): EncodedEnvelope[];
  /** True if a check-in, a session or an error is waiting. */
  readonly isUrgent: boolean;
  /** True if a check-in is waiting. */
  readonly hasCheckIn: boolean;
  /** True if the number of envelopes, or the memory in use, is close to its limit. */
  readonly isFull: boolean;
  /** Time at which the oldest waiting envelope was added. */
  readonly oldest: number | undefined;
  readonly items: number;
  readonly bytes: number;
}

const LAST_URGENT = priorityOf("error");

/** Creates an empty queue. */
export function createEnvelopeQueue(settings: QueueSettings): EnvelopeQueue {
  return new LanedQueue(settings);
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

class LanedQueue implements BoundedBuffer, EnvelopeQueue {
  readonly #settings: QueueSettings;
  readonly #lanes = Array.from({ length: PRIORITIES }, () => new Lane());
  #items = 0;
  #bytes = 0;

  constructor(settings: QueueSettings) {
    this.#settings = settings;
    settings.memory.add(this);
  }

  get items(): number {
    return this.#items;
  }

  get hasCheckIn(): boolean {
    return (this.#lanes[0]?.size ?? 0) > 0;
  }

  get isUrgent(): boolean {
    return this.hasCheckIn || (this.#lanes[LAST_URGENT]?.size ?? 0) > 0;
  }

  get isFull(): boolean {
    const { maxItems, memory } = this.#settings;
    return this.#items >= NEARLY_FULL * maxItems || memory.isNearlyFull;
  }

  get heldBytes(): number {
    return this.#bytes + (this.#settings.bytesElsewhere?.() ?? 0);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): number | undefined {
    const times = this.#lanes.flatMap(({ oldest }) => oldest ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  push(envelope: EncodedEnvelope, nowMillis: number = 0): void {
    const { maxItems, memory, onEvicted } = this.#settings;
    // It would not fit into an empty queue either, so nothing is evicted for it.
    if (sizeOf(envelope) > memory.available) return onEvicted(envelope);
    this.#lanes[priorityOf(envelope.category)]?.push(envelope, nowMillis);
    this.#items += 1;
    this.#bytes += sizeOf(envelope);
    if (this.#items > maxItems) this.#evictFrom(this.#lanes.findLast((lane) => lane.size > 0));
    memory.makeRoom(priorityOf(envelope.category));
  }

  dropOldest(priority: number): boolean {
    return this.#evictFrom(this.#lanes[priority]);
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

  #evictFrom(lane: Lane | undefined): boolean {
    const envelope = this.#take(lane);
    if (envelope === undefined) return false;
    this.#settings.onEvicted(envelope);
    return true;
  }

  #take(lane: Lane | undefined): EncodedEnvelope | undefined {
    const envelope = lane?.shift();
    if (envelope === undefined) return undefined;
    this.#items -= 1;
    this.#bytes -= sizeOf(envelope);
    return envelope;
  }
}
