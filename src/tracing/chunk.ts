/** Spans that one transaction holds, without its head (protocol: at most 1000). */
export const MAX_SPANS = 1000;

/** Characters of span JSON that one transaction holds; Relay takes 1 MiB for all of it. */
export const MAX_CHUNK_LENGTH = 700_000;

/**
 * Finished spans of one segment that will travel in one transaction: encoded, joined, counted. The
 * first one stands apart, since it becomes the head when the chunk has to go without its root.
 */
export class Chunk {
  readonly first: string;
  /** The others, each with a leading comma. */
  rest: string = "";
  count: number = 1;
  /** Number of the sweep in which the chunk was begun. */
  readonly since: number;
  /** Begun after the root was sent. */
  readonly late: boolean;

  constructor(first: string, since: number, late: boolean) {
    this.first = first;
    this.since = since;
    this.late = late;
  }

  add(item: string): void {
    this.rest += `,${item}`;
    this.count++;
  }

  get length(): number {
    return this.first.length + this.rest.length;
  }

  isFullFor(item: string): boolean {
    return this.count >= MAX_SPANS || this.length + item.length > MAX_CHUNK_LENGTH;
  }
}
