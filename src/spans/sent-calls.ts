import { Fifo } from "../support/collections.js";
import type { Chunk } from "./chunk.js";
import type { Segment } from "./segment.js";
import { isClientSpanText } from "./waiting-calls.js";

/** Client spans of a segment that are kept after they were sent. */
const MAX_CALLS = 20;

/** Characters of one such span; a longer one is not kept. */
const MAX_CALL_LENGTH = 4096;

/** Characters of all such spans of a processor. */
const MAX_LENGTH = 1024 * 1024;

// Newest spans of a chunk that are searched: searching a thousand takes 0.5 ms, and a flush may send many such segments at once.
const MAX_SEARCHED = 100;

interface Kept {
  readonly segment: WeakRef<Segment>;
  readonly texts: readonly string[];
  readonly length: number;
}

/**
 * The newest client spans of open roots that a flush has sent, for the breadcrumbs of later errors of the same roots. Keeps a
 * megabyte of them, and those of ended roots only until others need their room.
 */
export class SentCalls {
  readonly #kept = new Fifo<Kept>();
  #length = 0;

  /** Keeps the client spans among the newest of a chunk that is sent while the root of its segment is open. */
  keep(segment: Segment, chunk: Chunk): void {
    const newest: string[] = [];
    for (const text of chunk.items.slice(-MAX_SEARCHED).toReversed()) {
      if (newest.length >= MAX_CALLS) break;
      if (text.length <= MAX_CALL_LENGTH && isClientSpanText(text)) newest.push(text);
    }
    if (newest.length === 0) return;
    const texts = [...(segment.sentCalls ?? []), ...newest.toReversed()].slice(-MAX_CALLS);
    segment.sentCalls = texts;
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    this.#kept.push({ segment: new WeakRef(segment), texts, length });
    this.#length += length;
    while (this.#length > MAX_LENGTH) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#kept.shift();
    if (oldest === undefined) return;
    this.#length -= oldest.length;
    const segment = oldest.segment.deref();
    if (segment?.sentCalls === oldest.texts) segment.sentCalls = undefined;
  }
}
