import { validSpanId } from "../trace/span.js";

/** Maximum number of spans in a transaction, without its root (protocol: at most 1000). */
export const MAX_SPANS = 1000;

/** Maximum size of a transaction's span JSON, in bytes; Relay accepts 1 MiB for the whole item. */
export const MAX_CHUNK_BYTES = 700_000;

/** Characters between two spans of a chunk. */
export const SEPARATOR_LENGTH = 1;

// A UTF-16 code unit takes at most three bytes, so a shorter string need not be measured.
const MEASURED_FROM = MAX_CHUNK_BYTES / 3;

/** The encoded spans of one transaction, counted. */
export class Chunk {
  // A list, because the newest spans are read for the breadcrumbs of errors: before V8 reads the end of a text that has grown
  // by concatenation, it copies all of it.
  readonly #items: string[];
  /** Number of the sweep in which the chunk was created. */
  readonly since: number;
  /** True if the chunk was created after the root was sent. */
  readonly late: boolean;
  /** Number of characters of all spans and the commas between them. */
  length: number;
  /** Size of the same in UTF-8. */
  bytes: number;

  constructor(first: string, since: number, late: boolean) {
    this.#items = [first];
    this.since = since;
    this.late = late;
    this.length = first.length;
    this.bytes = Buffer.byteLength(first);
  }

  /** Number of spans. */
  get count(): number {
    return this.#items.length;
  }

  /** The encoded spans in the order of their ends; all but the first begin with a comma. */
  get items(): readonly string[] {
    return this.#items;
  }

  /** The first span. It becomes the head of the transaction if the chunk is sent without its root. */
  get first(): string {
    return this.#items[0] ?? "";
  }

  /** Size of all but the first span in UTF-8, without the comma in front. */
  get bytesAfterFirst(): number {
    return Math.max(0, this.bytes - Buffer.byteLength(this.first) - SEPARATOR_LENGTH);
  }

  /** Returns the spans, from the one with an index on, joined by commas. */
  textFrom(index: number): string {
    const first = this.#items[index] ?? "";
    let text = index === 0 ? first : first.slice(SEPARATOR_LENGTH);
    for (let at = index + 1; at < this.#items.length; at++) text += this.#items[at] ?? "";
    return text;
  }

  add(item: string): void {
    const text = `,${item}`;
    // Measuring flattens the text, so that its parts need not be held.
    this.bytes += Buffer.byteLength(text);
    this.length += text.length;
    this.#items.push(text);
  }

  /** Links spans whose parents were filtered out to their nearest kept ancestor. */
  reparent(takenOut: TakenOut): void {
    for (const [at, text] of this.#items.entries())
      this.#items[at] = reparentedText(text, takenOut);
  }

  /** Tells whether the item no longer fits into this transaction. */
  isFullFor(item: string): boolean {
    if (this.count >= MAX_SPANS) return true;
    if (this.length + item.length <= MEASURED_FROM) return false;
    return this.bytes + Buffer.byteLength(item) > MAX_CHUNK_BYTES;
  }
}

/** Maps the ids of filtered-out spans to their parents. */
export type TakenOut = ReadonlyMap<string, string | undefined>;

const PARENT_FIELD = /"parent_span_id":"([\da-f]{16})"/g;

/** Returns the nearest ancestor that was not filtered out; undefined if there is none. */
export function keptAncestor(parentId: string | undefined, takenOut: TakenOut): string | undefined {
  let ancestor = parentId;
  // At most one step per filtered-out span, so that the walk ends even if the ids form a cycle.
  for (let steps = 0; steps <= takenOut.size && ancestor !== undefined; steps++) {
    if (!takenOut.has(ancestor)) return ancestor;
    ancestor = takenOut.get(ancestor);
  }
  return undefined;
}

/**
 * Attaches encoded spans whose parents were filtered out later to their nearest kept ancestor. Quotes inside JSON
 * strings are escaped, so only properties match; an attribute named `parent_span_id` that has such an id is changed as
 * well.
 */
export function reparentedText(text: string, takenOut: TakenOut): string {
  return text.replace(PARENT_FIELD, (field: string, parentId: string) => {
    const ancestor = keptAncestor(parentId, takenOut);
    return ancestor === undefined || ancestor === parentId
      ? field
      : `"parent_span_id":"${validSpanId(ancestor)}"`;
  });
}
