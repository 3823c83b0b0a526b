/** What the time of an end depends on. */
export interface EndTimeSettings {
  /** `shutdownTimeoutMillis`: for all waits together. */
  readonly totalMillis: number;
  /** Envelopes that the server has accepted. */
  readonly delivered: () => number;
  /** Milliseconds by a clock that does not jump; default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

// Beyond the time-out, for what is captured after it has passed: the server may be back.
const EXTRA_SHARE = 0.25;

// A flush in vain says nothing of an end that comes later: orchestrators give a process 30 s from SIGTERM on.
const MEMORY_MILLIS = 30_000;

/**
 * The time that the end of a client may take, however many waits it is made of: a flush at a signal, `close`, a flush when
 * the process runs out of work. With a server that does not answer each of them would take the whole time-out.
 */
export class EndTime {
  readonly #settings: EndTimeSettings;
  readonly #now: () => number;
  #pending = 0;
  #waitedSince = 0;
  #waitedUntil = 0;
  /** Milliseconds of waits since the server has last accepted something. */
  #used = 0;
  #delivered = 0;

  constructor(settings: EndTimeSettings) {
    this.#settings = settings;
    this.#now = settings.now ?? ((): number => performance.now());
  }

  /**
   * Milliseconds for the next wait: what earlier ones have left of the time-out. Once less than a quarter of it is left, a
   * quarter, in all.
   */
  get remaining(): number {
    const { totalMillis } = this.#settings;
    if (this.#pending === 0) this.#forget();
    const current = this.#pending === 0 ? 0 : this.#now() - this.#waitedSince;
    const left = totalMillis - this.#used - current;
    const extra = totalMillis * EXTRA_SHARE;
    return left >= extra ? left : Math.max(0, Math.min(extra, left + extra));
  }

  /** The time-out of a wait: the whole time where it is none. `Infinity` waits as long as a timer can. */
  valid(millis: unknown): number {
    const isValid = typeof millis === "number" && millis >= 0;
    return isValid ? millis : this.#settings.totalMillis;
  }

  /** Waits for a flush. Its time counts unless the server has accepted something meanwhile. */
  async during(flush: Promise<boolean>): Promise<boolean> {
    if (this.#pending === 0) {
      this.#forget();
      this.#waitedSince = this.#now();
    }
    this.#pending += 1;
    const isDone = await flush;
    this.#pending -= 1;
    if (this.#pending === 0) this.#end();
    return isDone;
  }

  #end(): void {
    this.#waitedUntil = this.#now();
    this.#used += this.#waitedUntil - this.#waitedSince;
    this.#forget();
  }

  // A server that has answered since is worth a wait.
  #forget(): void {
    const isLongAgo = this.#now() - this.#waitedUntil > MEMORY_MILLIS;
    const delivered = this.#settings.delivered();
    if (isLongAgo || delivered > this.#delivered) this.#used = 0;
    this.#delivered = delivered;
  }
}
