import { types } from "node:util";

import { isError, isObjectLike, propertyOf, slowTrapMicros } from "./foreign.js";

// A hundred records of an ORM that converts what is read take about 3 ms. A proxy that has begun may take 5 ms more.
const MAX_PROXY_MILLIS = 5;

/**
 * Time that is left in one call for proxies that take longer than other values. Traps are functions of the application, so
 * their work cannot be counted.
 */
export class ProxyTime {
  readonly #most: number;
  #left: number;
  /** Time at which the proxy was reached that is being read, with all that is within it. */
  #since: number | undefined = undefined;

  /** `most` is in milliseconds, default 5. */
  constructor(most: number = MAX_PROXY_MILLIS) {
    this.#most = most;
    this.#left = most;
  }

  /** Begins the next call, with one of `parts` equal parts of the time. */
  restart(parts: number = 1): void {
    this.#left = this.#most / parts;
  }

  /**
   * Returns the result of `read`, which reads a value; undefined if the value is a proxy and no time is left. `usualMillis`
   * returns how long reading as much takes otherwise, which is not charged unless the traps are known to be slow.
   */
  read<T>(value: object, read: () => T, usualMillis: () => number = few): T | undefined {
    if (!types.isProxy(value)) return read();
    const start = performance.now();
    if (this.#left <= start - (this.#since ?? start)) return undefined;
    // The time of a proxy includes that of the proxies within it, which do not count again.
    if (this.#since !== undefined) return read();
    const isSlow = slowTrapMicros(value) > 0;
    this.#since = start;
    try {
      return read();
    } finally {
      this.#since = undefined;
      const usual = isSlow ? 0 : usualMillis();
      this.#left -= Math.max(0, performance.now() - start - usual);
    }
  }

  /** Tells whether the proxy that is being read has used up the time. Its first trap may be fast, and others load data. */
  isOver(usualMillis: number): boolean {
    return this.#since !== undefined && performance.now() - this.#since > this.#left + usualMillis;
  }
}

// Some properties, on a busy machine.
const few = (): number => 0.05;

/** Returns a property of a value; undefined as well if the value is a proxy and no time is left. Never throws. */
export function propertyWithin(value: object, key: string, time: ProxyTime): unknown {
  return time.read(value, () => propertyOf(value, key));
}

/** Tells whether a value is an error; false as well if it is a proxy and no time is left. Never throws. */
export function isErrorWithin(value: unknown, time: ProxyTime): value is object {
  return isObjectLike(value) && time.read(value, () => isError(value)) === true;
}
