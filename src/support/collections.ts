import { objectFrom, setProperty } from "./foreign.js";

/**
 * A map of at most `max` entries. Over the bound, the oldest entry is evicted: a `Map` iterates in insertion order. Setting and
 * evicting take constant time on average.
 */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #max: number;
  readonly #onEvicted: ((value: Value, key: Key) => void) | undefined;
  // Continues where the last eviction ended. A new iterator passes all entries that were deleted since the map was last
  // reorganized, which takes 6 µs instead of 0.2 µs in a map of 10,000 entries.
  #oldest: Iterator<[Key, Value]> | undefined;

  /** `onEvicted` is called with each evicted entry, after it was removed. */
  constructor(max: number, onEvicted?: (value: Value, key: Key) => void) {
    super();
    this.#max = max;
    this.#onEvicted = onEvicted;
  }

  /** Sets an entry. An entry that is there already keeps its age. */
  override set(key: Key, value: Value): this {
    super.set(key, value);
    if (this.size > this.#max) this.evictOldest();
    return this;
  }

  // An idle iterator would keep the former tables of the map alive.
  override delete(key: Key): boolean {
    const isDeleted = super.delete(key);
    if (isDeleted) this.#oldest = undefined;
    return isDeleted;
  }

  override clear(): void {
    super.clear();
    this.#oldest = undefined;
  }

  /** Sets an entry as the newest one, also if it is there already. */
  setNewest(key: Key, value: Value): void {
    this.delete(key);
    this.set(key, value);
  }

  /** Evicts the oldest entry; returns false if there is none. */
  evictOldest(): boolean {
    const oldest = (this.#oldest ??= this.entries()).next();
    if (oldest.done === true) {
      this.#oldest = undefined;
      return false;
    }
    const [key, value] = oldest.value;
    super.delete(key);
    this.#onEvicted?.(value, key);
    return true;
  }
}

// The functions below build objects property by property. For an object of a thousand names that V8 has not seen,
// `Object.fromEntries`, spread and rest take 3 to 30 ms, because they make a hidden class for each; this takes 0.3 ms.

/** Copies an object, leaving out properties whose value is `undefined`. */
export function withoutUnset<T extends object>(value: T): T {
  return objectFrom(Object.entries(value).filter(([, property]) => property !== undefined)) as T;
}

/** Copies an object without the properties of these names. */
export function without<T extends object>(value: T, names: ReadonlySet<string>): Partial<T> {
  const copy: Record<string, unknown> = {};
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(value))
    if (!names.has(name)) setProperty(copy, name, fields[name]);
  return copy as Partial<T>;
}

/** Copies the properties of two objects, of which the second takes precedence. */
export function overlaid<Under extends object, Over extends object>(
  under: Under | undefined,
  over: Over | undefined,
): Over & Under {
  return objectFrom([...Object.entries(under ?? {}), ...Object.entries(over ?? {})]) as Over &
    Under;
}

// Compacting a shorter list costs more than the memory it frees.
const COMPACT_AT = 64;

/** A first-in, first-out queue with constant-time operations. `Array.shift` moves every remaining entry. */
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

  /** Puts an entry before all others. */
  unshift(value: T): void {
    if (this.#head === 0) this.#entries.unshift(value);
    else this.#entries[(this.#head -= 1)] = value;
  }

  shift(): T | undefined {
    const value = this.#entries[this.#head];
    if (this.size === 0) return undefined;
    // Cleared so that the queue no longer references the entry.
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

  // Runs only when removed entries are more than half of the array, so each entry is moved a constant number of times
  // on average.
  #compact(): void {
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}

/** An entry of a `LinkedList`. */
export interface Link<T> {
  readonly value: T;
  /** Number of entries that were added to the list before. */
  readonly order: number;
  previous: Link<T> | undefined;
  next: Link<T> | undefined;
  isRemoved: boolean;
}

/**
 * A list from which entries are removed in constant time, for objects that live shortly. A `Set` that has grown old keeps
 * references in the tables that it has outgrown: they make the garbage collector promote everything that was in it.
 */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #added = 0;

  get first(): Link<T> | undefined {
    return this.#first;
  }

  /** Number of entries that were ever added. */
  get added(): number {
    return this.#added;
  }

  /** Adds an entry at the end. */
  push(value: T): Link<T> {
    const previous = this.#last;
    const order = this.#added++;
    const link: Link<T> = { value, order, previous, next: undefined, isRemoved: false };
    if (previous === undefined) this.#first = link;
    else previous.next = link;
    this.#last = link;
    return link;
  }

  /** Removes an entry of this list, unless it was removed before. */
  remove(link: Link<T>): void {
    if (link.isRemoved) return;
    const { previous, next } = link;
    link.isRemoved = true;
    link.previous = undefined;
    link.next = undefined;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
  }
}

/** Limits how many tasks run at a time. The others wait and start in order of arrival. */
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
      // Hand the slot to the longest-waiting task directly, so that a task that arrives now cannot overtake it.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
