import { PRIORITIES } from "../protocol/data-category.js";

/** A buffer whose content counts towards the memory limit. Its members must not throw. */
export interface BoundedBuffer {
  /**
   * Bytes of the envelopes, or characters of the JSON text, that the buffer holds. Buffers of higher folders keep it in a
   * field, because it is read for each envelope.
   */
  readonly heldBytes: number;
  /**
   * Drops and counts the item of a priority that has been held longest. Returns false if the buffer holds no such item
   * that it can drop.
   */
  dropOldest(priority: number): boolean;
}

/** Warning about items that are dropped before they are part of an envelope. */
export const MEMORY_FULL =
  "the limit `maxBufferedBytes` is reached: finished spans of open traces, logs and metrics are dropped. Capture less, or raise `maxBufferedBytes`";

/** Default for the bytes that a client may hold in memory. */
export const DEFAULT_MAX_BUFFERED_BYTES: number = 20 * 1024 * 1024;

// The most that a buffer which grows with every span may add between two checks: a check takes about 0.2 µs, and
// encoding a span 3 µs.
const MAX_STEP = 256 * 1024;
const STEPS = 32;

/**
 * Share of the limit at which memory counts as full. Below 1, because whole envelopes are dropped and so an overflowing
 * buffer is rarely filled to the last byte.
 */
export const NEARLY_FULL: number = 0.9;

/**
 * Limits the memory of all buffers of a client together: spans of open segments, logs and metrics, events that wait for
 * hooks, and envelopes. Over the limit, the lowest priority is dropped first, whichever buffer holds it; within a
 * priority, items of the buffer that was added first, the longest-held item first.
 */
export class MemoryBound {
  readonly maxBytes: number;
  /** The buffers, and the most that each grows between two checks. */
  readonly #buffers = new Map<BoundedBuffer, number>();
  #unchecked = 0;
  #reserved = 0;
  #reservedBytes = (): number => 0;

  constructor(maxBytes: number = DEFAULT_MAX_BUFFERED_BYTES) {
    this.maxBytes = maxBytes;
  }

  /**
   * Adds a buffer. `uncheckedBytes` is the most that it grows between two calls of `makeRoom`; the limit holds in between
   * because this part of it is left free.
   */
  add(buffer: BoundedBuffer, uncheckedBytes: number = 0): void {
    this.#buffers.set(buffer, uncheckedBytes);
    this.#addSteps();
  }

  /** Takes out a buffer that holds nothing and will hold nothing. */
  remove(buffer: BoundedBuffer): void {
    this.#buffers.delete(buffer);
    this.#addSteps();
  }

  #addSteps(): void {
    let sum = 0;
    for (const step of this.#buffers.values()) sum += step;
    this.#unchecked = Math.min(sum, this.maxBytes / 4);
  }

  /** Reserves a part of the limit for one purpose; `heldBytes` returns how much of it is used. */
  reserve(bytes: number, heldBytes: () => number): void {
    this.#reserved = bytes;
    this.#reservedBytes = heldBytes;
  }

  /** Bytes that all buffers hold now. */
  get heldBytes(): number {
    return this.#sum() + this.#reservedBytes();
  }

  /** Bytes that all buffers may hold together after a check. */
  get available(): number {
    return this.maxBytes - this.#reserved - this.#unchecked;
  }

  /**
   * Half of the limit. A buffer that can pass its content on does so before it takes more than this, and leaves the
   * rest to the others.
   */
  get share(): number {
    return this.available / 2;
  }

  /** Bytes by which a buffer may grow before it must call `makeRoom`. */
  get step(): number {
    return Math.min(MAX_STEP, this.maxBytes / STEPS);
  }

  get isNearlyFull(): boolean {
    return this.#sum() >= NEARLY_FULL * this.available;
  }

  /**
   * Makes room for an item of a priority that was added or is about to be: if the limit is exceeded, drops items of
   * this and lower priorities. Returns true if the limit then holds.
   */
  makeRoom(priority: number): boolean {
    if (this.#sum() <= this.available) return true;
    for (let lowest = PRIORITIES - 1; lowest >= priority; lowest -= 1) {
      for (const buffer of this.#buffers.keys()) if (this.#dropFrom(buffer, lowest)) return true;
    }
    return false;
  }

  #dropFrom(buffer: BoundedBuffer, priority: number): boolean {
    while (buffer.dropOldest(priority)) if (this.#sum() <= this.available) return true;
    return false;
  }

  #sum(): number {
    let sum = 0;
    for (const { heldBytes } of this.#buffers.keys()) sum += heldBytes;
    return sum;
  }
}
