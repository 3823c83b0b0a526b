import type { SetTimer } from "../support/time.js";
import type { EncodedItem } from "./encode-item.js";

/** What a batcher is made of. */
export interface BatcherParts {
  readonly setTimer: SetTimer;
  /** Takes items over. Must not throw. */
  readonly send: (items: readonly EncodedItem[]) => void;
}

/** Items that share an envelope. */
export const BATCH_SIZE = 100;

/** How long an item waits for others. */
export const BATCH_WAIT_MILLIS = 5000;

/** Bytes of JSON that share an envelope; an item that has more goes alone. */
export const MAX_BATCH_BYTES = 1_048_576;

/** Items that are held at most. */
export const MAX_HELD_ITEMS = 1000;

/** Collects items, and sends them when there are enough of them, or some time after the first. */
export class ItemBatcher {
  readonly #parts: BatcherParts;
  #items: EncodedItem[] = [];
  #bytes = 0;
  #isSending = false;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
  }

  /** Number of items that are held. */
  get size(): number {
    return this.#items.length;
  }

  /** Takes an item; false when too many are held. */
  add(item: EncodedItem): boolean {
    if (this.#bytes + item.bytes > MAX_BATCH_BYTES) this.flush();
    // Sending empties it, so that it fills up only with what sending itself brings about.
    if (this.#items.length >= MAX_HELD_ITEMS) return false;
    this.#items.push(item);
    this.#bytes += item.bytes;
    if (this.#items.length >= BATCH_SIZE) this.flush();
    else this.#arm();
    return true;
  }

  /** Sends what is held now; what comes meanwhile waits its time. */
  flush(): void {
    if (this.#isSending) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    this.#isSending = true;
    try {
      for (const batch of batchesOf(items)) this.#parts.send(batch);
    } finally {
      this.#isSending = false;
      if (this.#items.length > 0) this.#arm();
    }
  }

  #arm(): void {
    if (this.#isSending || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#parts.setTimer(() => {
      this.#cancelTimer = undefined;
      this.flush();
    }, BATCH_WAIT_MILLIS);
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
