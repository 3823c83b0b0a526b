import { reparentedText } from "./reparenting.js";
import type { TakenOut } from "./reparenting.js";

/** Spans that one transaction holds, without its head (protocol: at most 1000). */
export const MAX_SPANS = 1000;

/** Bytes of span JSON that one transaction holds; Relay takes 1 MiB for all of it. */
export const MAX_CHUNK_BYTES = 700_000;

// A character takes three bytes at most (a pair of surrogates takes four): below this length there is
// nothing to measure.
const MEASURED_FROM = MAX_CHUNK_BYTES / 3;

/**
 * Finished spans of one segment that will travel in one transaction: encoded, joined, counted. The
 * first one stands apart, since it becomes the head when the chunk has to go without its root.
 */
export class Chunk {
  first: string;
  /** The others, each with a leading comma. */
  rest: string = "";
  count: number = 1;
  /** Number of the sweep in which the chunk was begun. */
  readonly since: number;
  /** Begun after the root was sent. */
  readonly late: boolean;
  #bytes: number | undefined;

  constructor(first: string, since: number, late: boolean) {
    this.first = first;
    this.since = since;
    this.late = late;
  }

  add(item: string): void {
    this.rest += `,${item}`;
    this.count++;
    if (this.#bytes !== undefined) this.#bytes += Buffer.byteLength(item) + 1;
  }

  /** Gives spans whose parents were taken out to the nearest ancestor that was not. */
  reparent(takenOut: TakenOut): void {
    this.first = reparentedText(this.first, takenOut);
    this.rest = reparentedText(this.rest, takenOut);
  }

  /** Characters of all spans. */
  get length(): number {
    return this.first.length + this.rest.length;
  }

  /** Whether the item has no room in this transaction. */
  isFullFor(item: string): boolean {
    if (this.count >= MAX_SPANS) return true;
    if (this.length + item.length <= MEASURED_FROM) return false;
    this.#bytes ??= Buffer.byteLength(this.first) + Buffer.byteLength(this.rest);
    return this.#bytes + Buffer.byteLength(item) > MAX_CHUNK_BYTES;
  }
}
