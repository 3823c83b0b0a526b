// Below this, moving the rest down costs more than the room that it wins.
const COMPACT_AT = 64;

/** First in, first out in constant time; `Array.shift` moves everything that is behind. */
export class Fifo<T> implements Iterable<T> {
  #entries: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#entries.length - this.#head;
  }

  get first(): T | undefined {
    return this.#entries[this.#head];
  }

  push(value: T): void {
    this.#entries.push(value);
  }

  shift(): T | undefined {
    const value = this.#entries[this.#head];
    if (this.size === 0) return undefined;
    // What has left must not be held by the queue.
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#entries.length) this.#compact();
    return value;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = this.#head; index < this.#entries.length; index += 1) {
      const value = this.#entries[index];
      if (value !== undefined) yield value;
    }
  }

  // At most half of the entries are moved, and only after as many have left.
  #compact(): void {
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
