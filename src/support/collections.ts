/**
 * Sets an entry of a map of at most `max` entries as its newest one, and drops the oldest one where there are more: a
 * map keeps the order in which its entries were made.
 */
export function setNewest<Key, Value>(
  map: Map<Key, Value>,
  [key, value]: readonly [Key, Value],
  max: number,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}

/** Copies an object without its members that are `undefined`. */
export function withoutUnset<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as T;
}

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

/** Lets a number of tasks run at a time; the others wait, first in first out. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(atATime: number) {
    this.#free = atATime;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The turn is handed on, so that nobody who comes just now is faster.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

// What is built of this many segments takes about a millisecond, and about as many envelopes leave
// in a turn: a flush of very many blocks neither the event loop nor overflows the queue.
const SEGMENTS_PER_TURN = 32;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Does something with each item; the first ones at once, the others a few per turn of the event loop. */
export async function inTurns<T>(items: Iterable<T>, run: (item: T) => void): Promise<void> {
  let count = 0;
  for (const item of items) {
    if (count > 0 && count % SEGMENTS_PER_TURN === 0) await nextTurn();
    count++;
    run(item);
  }
}
