/** Settings of an `EndTime`. */
export interface EndTimeSettings {
  /** The option `shutdownTimeoutMillis`, which limits all waits together. */
  readonly totalMillis: number;
  /** Returns the number of envelopes that the server has accepted. */
  readonly delivered: () => number;
  /** Monotonic clock in milliseconds. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

// Share of the time-out that is added for events captured after it has passed, because the server may be reachable
// again.
const EXTRA_SHARE = 0.25;

// Time after which an earlier unsuccessful flush no longer counts. Orchestrators give a process 30 s from SIGTERM on.
const MEMORY_MILLIS = 30_000;

/**
 * Limits the total time of all waits at the end of a process: a flush at a signal, `close`, a flush on `beforeExit`. If
 * the server does not answer, each of them alone would take the whole time-out.
 */
export class EndTime {
  readonly #settings: EndTimeSettings;
  readonly #now: () => number;
  #pending = 0;
  #waitedSince = 0;
  #waitedUntil = 0;
  /** Milliseconds of waiting since the server last accepted an envelope. */
  #used = 0;
  #delivered = 0;

  constructor(settings: EndTimeSettings) {
    this.#settings = settings;
    this.#now = settings.now ?? ((): number => performance.now());
  }

  /**
   * Milliseconds for the next wait: the time-out minus earlier waits. Once less than a quarter of the time-out is left,
   * the remaining waits share a quarter.
   */
  get remaining(): number {
    const { totalMillis } = this.#settings;
    if (this.#pending === 0) this.#forget();
    const current = this.#pending === 0 ? 0 : this.#now() - this.#waitedSince;
    const left = totalMillis - this.#used - current;
    const extra = totalMillis * EXTRA_SHARE;
    return left >= extra ? left : Math.max(0, Math.min(extra, left + extra));
  }

  /** Returns a valid time-out in milliseconds: `millis`, or the whole time-out if `millis` is not a number of at least 0. */
  valid(millis: unknown): number {
    const isValid = typeof millis === "number" && millis >= 0;
    return isValid ? millis : this.#settings.totalMillis;
  }

  /** Waits for a flush and counts its time, unless the server accepts an envelope meanwhile. */
  async during(flush: Promise<boolean>): Promise<boolean> {
    if (this.#pending === 0) {
      this.#forget();
      this.#waitedSince = this.#now();
    }
    this.#pending += 1;
    try {
      return await flush;
    } finally {
      this.#pending -= 1;
      if (this.#pending === 0) this.#end();
    }
  }

  #end(): void {
    this.#waitedUntil = this.#now();
    this.#used += this.#waitedUntil - this.#waitedSince;
    this.#forget();
  }

  // While the server accepts envelopes, the time that was used before does not count.
  #forget(): void {
    const isLongAgo = this.#now() - this.#waitedUntil > MEMORY_MILLIS;
    const delivered = this.#settings.delivered();
    if (isLongAgo || delivered > this.#delivered) this.#used = 0;
    this.#delivered = delivered;
  }
}
