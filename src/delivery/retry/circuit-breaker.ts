import { jittered } from "./back-off.js";

/** Dependencies of `CircuitBreaker`. */
interface CircuitBreakerSettings {
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Returns a random number from 0 to below 1. */
  readonly random: () => number;
}

/** Counts since the start of the process. */
interface CircuitBreakerCounts {
  /** How often the breaker has opened. */
  readonly outages: number;
  /** Attempts while the breaker was open. */
  readonly probes: number;
}

/** Consecutive failures without a response after which the server is considered unreachable. */
export const FAILURES_TO_OPEN = 5;

// A probe is sent each time the outage has become a tenth longer: recovery is noticed after about a tenth of the
// outage, and a long outage costs few probes.
const PROBE_SHARE_OF_OUTAGE = 0.1;
const MIN_PROBE_DELAY_MILLIS = 500;
const MAX_PROBE_DELAY_MILLIS = 30_000;

// The smallest gap that jitter allows. A `flush` that is called in a loop causes no more probes than that.
const MIN_PROBE_GAP_MILLIS = 250;

/**
 * Tracks whether the server is reachable: opens after five failures in a row without a response, and closes at the
 * first response. While it is open, single probes are allowed, spaced in time. It has no timer.
 */
export class CircuitBreaker {
  readonly #now: () => number;
  readonly #random: () => number;
  #failures = 0;
  #lastError: Error | undefined;
  #openedAt = 0;
  #probedAt = 0;
  #nextProbeAt = 0;
  #outages = 0;
  #probes = 0;

  constructor({ now, random }: CircuitBreakerSettings) {
    this.#now = now;
    this.#random = random;
  }

  /** True while only probes may be sent. */
  get isOpen(): boolean {
    return this.#failures >= FAILURES_TO_OPEN;
  }

  /** True if nothing has failed since the last response. */
  get isReachable(): boolean {
    return this.#failures === 0;
  }

  /** The error of the last attempt; undefined once the server has responded. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** Time at which the next probe may be sent, by the same clock. */
  get nextProbeAt(): number {
    return this.#nextProbeAt;
  }

  /** Records that an attempt got no response. */
  failed(error: Error): void {
    this.#lastError = error;
    this.#failures += 1;
    if (this.#failures === FAILURES_TO_OPEN) this.#open();
  }

  /** Records a response of any status; returns whether it has closed the breaker. */
  answered(): boolean {
    if (this.#failures === 0) return false;
    const wasOpen = this.isOpen;
    this.#failures = 0;
    this.#lastError = undefined;
    return wasOpen;
  }

  /** Returns true if the next probe is due; the caller must then send it. */
  takeProbe(): boolean {
    const now = this.#now();
    if (now < this.#nextProbeAt) return false;
    this.#probes += 1;
    this.#planProbe(now);
    return true;
  }

  /** A flush is waiting: allow the next probe after the minimum gap. */
  hasten(): void {
    this.#nextProbeAt = Math.min(this.#nextProbeAt, this.#probedAt + MIN_PROBE_GAP_MILLIS);
  }

  counts(): CircuitBreakerCounts {
    return { outages: this.#outages, probes: this.#probes };
  }

  // Earlier failures may belong to another outage, so this outage starts here.
  #open(): void {
    this.#outages += 1;
    this.#openedAt = this.#now();
    this.#planProbe(this.#openedAt);
  }

  // Probes are spaced by their starting times, so that one that hangs does not delay the next.
  #planProbe(now: number): void {
    const share = (now - this.#openedAt) * PROBE_SHARE_OF_OUTAGE;
    const longest = Math.min(Math.max(share, MIN_PROBE_DELAY_MILLIS), MAX_PROBE_DELAY_MILLIS);
    this.#probedAt = now;
    this.#nextProbeAt = now + jittered(longest, this.#random);
  }
}
