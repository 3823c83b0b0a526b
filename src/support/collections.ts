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

// As many transactions as a burst sends at once. With 16 entries the ring of a busy process grew and shrank in each turn.
const MIN_CAPACITY = 64;

/**
 * A first-in, first-out queue with constant-time operations. `Array.shift` moves every remaining entry.
 *
 * A ring that is allocated rarely and cleared when it is replaced: the collector's young generation keeps alive what a
 * list in the old one refers to, even if that list is garbage. With an array that was sliced every few entries, nearly all
 * envelopes grew old and were copied twice.
 */
export class Fifo<T> implements Iterable<T> {
  #ring: (T | undefined)[] = emptyRing(MIN_CAPACITY);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#ring[this.#head];
  }

  push(value: T): void {
    if (this.#size === this.#ring.length) this.#resize(this.#size * 2);
    this.#ring[this.#indexOf(this.#size)] = value;
    this.#size += 1;
  }

  /** Puts an entry before all others. */
  unshift(value: T): void {
    if (this.#size === this.#ring.length) this.#resize(this.#size * 2);
    this.#head = this.#indexOf(-1);
    this.#ring[this.#head] = value;
    this.#size += 1;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const value = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = this.#indexOf(1);
    this.#size -= 1;
    const capacity = this.#ring.length;
    if (capacity > MIN_CAPACITY && this.#size * 8 < capacity) this.#resize(capacity / 2);
    return value;
  }

  *[Symbol.iterator](): Iterator<T> {
    // A copy, because entries may be added and removed meanwhile.
    const entries = Array.from({ length: this.#size }, (_, at) => this.#ring[this.#indexOf(at)]);
    for (const value of entries) if (value !== undefined) yield value;
  }

  // The capacity is a power of two.
  #indexOf(offset: number): number {
    return (this.#head + offset) & (this.#ring.length - 1);
  }

  #resize(capacity: number): void {
    const ring = emptyRing<T>(capacity);
    for (let at = 0; at < this.#size; at += 1) ring[at] = this.#ring[this.#indexOf(at)];
    this.#ring.fill(undefined);
    this.#ring = ring;
    this.#head = 0;
  }
}

function emptyRing<T>(capacity: number): (T | undefined)[] {
  return Array.from({ length: capacity }, () => undefined);
}

/** Returns a function that makes a value for each object at the first call, and returns it from then on. */
export function onceFor<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new WeakMap<Key, Value>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) made.set(key, (value = make(key)));
    return value;
  };
}

/**
 * An entry of a `LinkedList`. A class, because V8 allocates literals in the old generation once many have survived there: each
 * would keep its value alive until the next full collection.
 */
export class Link<T> {
  readonly value: T;
  /** Number of entries that were added to the list before. */
  readonly order: number;
  previous: Link<T> | undefined;
  next: Link<T> | undefined = undefined;
  isRemoved = false;

  constructor(value: T, order: number, previous: Link<T> | undefined) {
    this.value = value;
    this.order = order;
    this.previous = previous;
  }
}

/**
 * A list from which entries are removed in constant time, for short-lived objects. A `Set` that has grown old keeps
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
    const link = new Link(value, this.#added++, previous);
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
