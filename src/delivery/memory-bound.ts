import { PRIORITIES } from "../protocol/data-category.js";

/** A buffer whose content counts towards a memory bound. Its members must not throw. */
export interface BoundedBuffer {
  /** Bytes of envelopes, or characters of JSON text, that it holds. */
  readonly heldBytes: number;
  /**
   * Drops what it has held longest of a priority, and counts it. Returns false if it holds nothing of this priority that it
   * can drop.
   */
  dropOldest(priority: number): boolean;
}

/** Warning for items that are dropped before they are part of an envelope. */
export const MEMORY_FULL =
  "`maxBufferedBytes` is reached: finished spans of open traces, logs and metrics are dropped. Capture less, or raise `maxBufferedBytes`";

/** Bytes that a client may hold in memory, unless an option says otherwise. */
export const DEFAULT_MAX_BUFFERED_BYTES: number = 20 * 1024 * 1024;

// At most this much is added between two checks by a buffer that grows with every span: checking takes about 0.2 µs, and a
// span is encoded in 3 µs.
const MAX_STEP = 256 * 1024;
const STEPS = 16;

/** Part of a bound that counts as full: whole envelopes are dropped, so an overflowing buffer is seldom full to the last byte. */
export const NEARLY_FULL: number = 0.9;

/**
 * Bounds what all buffers of a client hold together: spans of open segments, logs and metrics, events that wait for hooks, and
 * envelopes. Over the bound, the lowest priority gives way first, whichever buffer holds it; within a priority the buffer that was
 * added first, and there what has been held longest.
 */
export class MemoryBound {
  readonly maxBytes: number;
  readonly #buffers: BoundedBuffer[] = [];
  #reserved = 0;
  #reservedBytes = (): number => 0;

  constructor(maxBytes: number = DEFAULT_MAX_BUFFERED_BYTES) {
    this.maxBytes = maxBytes;
  }

  /** Adds a buffer. */
  add(buffer: BoundedBuffer): void {
    this.#buffers.push(buffer);
  }

  /** Sets a part of the bound aside for one purpose, of which `heldBytes` returns how much is used. */
  reserve(bytes: number, heldBytes: () => number): void {
    this.#reserved = bytes;
    this.#reservedBytes = heldBytes;
  }

  /** Bytes that all buffers hold now. */
  get heldBytes(): number {
    return this.#sum() + this.#reservedBytes();
  }

  /** Bytes that all buffers may hold together. */
  get available(): number {
    return this.maxBytes - this.#reserved;
  }

  /** Half of the bound: a buffer that can pass on what it holds does so before it takes more. The rest is left for the others. */
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
   * Makes room for an item of a priority that was or will be added: over the bound, drops items of this and lower
   * priorities. Returns whether the bound holds.
   */
  makeRoom(priority: number): boolean {
    if (this.#sum() <= this.available) return true;
    for (let lowest = PRIORITIES - 1; lowest >= priority; lowest -= 1) {
      for (const buffer of this.#buffers) if (this.#dropFrom(buffer, lowest)) return true;
    }
    return false;
  }

  #dropFrom(buffer: BoundedBuffer, priority: number): boolean {
    while (buffer.dropOldest(priority)) if (this.#sum() <= this.available) return true;
    return false;
  }

  #sum(): number {
    let sum = 0;
    for (const { heldBytes } of this.#buffers) sum += heldBytes;
    return sum;
  }
}
