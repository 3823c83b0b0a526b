import type { BoundedBuffer, MemoryBound } from "../delivery/memory-bound.js";
import { priorityOf } from "../protocol/data-category.js";
import type { StartTimer } from "../support/time.js";
import type { EncodedItem } from "./encode-item.js";

/** Dependencies of a batcher. */
interface BatcherDependencies {
  readonly startTimer: StartTimer;
  /** Sends a batch. Must not throw. */
  readonly send: (items: readonly EncodedItem[]) => void;
  /** Counts an item that is dropped because the memory limit of the client is exceeded. Must not throw. */
  readonly drop: (item: EncodedItem) => void;
  readonly memory: MemoryBound;
}

/** Items per envelope. */
const BATCH_SIZE = 100;

/** How long an item waits for its batch to fill up. */
export const BATCH_WAIT_MILLIS = 5000;

/** Bytes of JSON per envelope. A larger item is sent alone. With little memory, batches are smaller. */
export const MAX_BATCH_BYTES = 1_048_576;

// Batches that fit into the memory limit: a batch is encoded before its items are released, and there are two batchers.
const BATCHES_IN_MEMORY = 8;

const PRIORITY = priorityOf("log_item");

/** Maximum number of items that are held. */
export const MAX_HELD_ITEMS = 1000;

/** Collects items, and sends them when a batch is full or 5 seconds after the first item. */
export class ItemBatcher implements BoundedBuffer {
  readonly #dependencies: BatcherDependencies;
  readonly #maxBytes: number;
  #items: EncodedItem[] = [];
  heldBytes = 0;
  #isSending = false;
  #cancelTimer: (() => void) | undefined;

  constructor(dependencies: BatcherDependencies) {
    this.#dependencies = dependencies;
    this.#maxBytes = Math.min(MAX_BATCH_BYTES, dependencies.memory.available / BATCHES_IN_MEMORY);
    dependencies.memory.add(this);
  }

  dropOldest(priority: number): boolean {
    const oldest = priority === PRIORITY ? this.#items.shift() : undefined;
    if (oldest === undefined) return false;
    this.heldBytes -= oldest.bytes;
    this.#dependencies.drop(oldest);
    return true;
  }

  /** Number of items that are held. */
  get size(): number {
    return this.#items.length;
  }

  /** Adds an item. Returns false if too many are held; the caller then counts the loss. */
  add(item: EncodedItem): boolean {
    if (this.heldBytes + item.bytes > this.#maxBytes) this.flush();
    // Sending empties the batcher, so the limit is reached only by items that are captured while it sends.
    if (this.#items.length >= MAX_HELD_ITEMS) return false;
    this.#items.push(item);
    this.heldBytes += item.bytes;
    if (this.#items.length >= BATCH_SIZE) this.flush();
    else this.#arm();
    this.#dependencies.memory.makeRoom(PRIORITY);
    return true;
  }

  /** Sends all held items. Items that are added meanwhile wait for the next batch. */
  flush(): void {
    if (this.#isSending) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const items = this.#items;
    this.#items = [];
    this.heldBytes = 0;
    this.#isSending = true;
    try {
      for (const batch of batchesOf(items)) this.#dependencies.send(batch);
    } finally {
      this.#isSending = false;
      if (this.#items.length > 0) this.#arm();
    }
  }

  #arm(): void {
    if (this.#isSending || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#dependencies.startTimer(BATCH_WAIT_MILLIS, () => {
      this.#cancelTimer = undefined;
      this.flush();
    });
  }
}

function* batchesOf(items: readonly EncodedItem[]): Generator<readonly EncodedItem[]> {
  let batch: EncodedItem[] = [];
  let bytes = 0;
  for (const item of items) {
    const isFull = batch.length >= BATCH_SIZE || bytes + item.bytes > MAX_BATCH_BYTES;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += item.bytes;
  }
  if (batch.length > 0) yield batch;
}
