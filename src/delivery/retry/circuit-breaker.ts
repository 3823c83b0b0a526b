import { jittered } from "./back-off.js";

/** What a circuit breaker depends on. */
export interface CircuitBreakerSettings {
  /** Milliseconds by a clock that only goes forward. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** What a breaker has seen since the start. */
export interface CircuitBreakerCounts {
  /** How often it has opened. */
  readonly outages: number;
  /** Sends that went out while it was open. */
  readonly probes: number;
}

/** Failures in a row, without any response, after which the server is taken for gone. */
export const FAILURES_TO_OPEN = 5;

// A probe each time a tenth of the outage has gone by: recovery then takes at most about a tenth of
// what the outage took, and a long outage costs few probes.
const PROBE_SHARE_OF_OUTAGE = 0.1;
const MIN_PROBE_DELAY_MILLIS = 500;
const MAX_PROBE_DELAY_MILLIS = 30_000;

// As near as two probes may come by jitter, and so by impatience as well: `flush` may be called in a loop.
const MIN_PROBE_GAP_MILLIS = 250;

/**
 * Whether the server is taken for gone: open after five failures in a row without any response, closed
 * by the first response. While it is open, single probes may go out, spaced by time. It has no timer.
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

  /** Whether only probes may go out. */
  get isOpen(): boolean {
    return this.#failures >= FAILURES_TO_OPEN;
  }

  /** Whether nothing has failed since the last response. */
  get isReachable(): boolean {
    return this.#failures === 0;
  }

  /** Why the last attempt failed; undefined once the server has answered. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** When the next probe may go out, by the same clock. */
  get nextProbeAt(): number {
    return this.#nextProbeAt;
  }

  /** Takes in that an attempt got no response. */
  failed(error: Error): void {
    this.#lastError = error;
    this.#failures += 1;
    if (this.#failures === FAILURES_TO_OPEN) this.#open();
  }

  /** Takes in a response of any status; returns whether this has closed the breaker. */
  answered(): boolean {
    if (this.#failures === 0) return false;
    const wasOpen = this.isOpen;
    this.#failures = 0;
    this.#lastError = undefined;
    return wasOpen;
  }

  /** Whether the next probe is due; if so, the caller is to send it. */
  takeProbe(): boolean {
    const now = this.#now();
    if (now < this.#nextProbeAt) return false;
    this.#probes += 1;
    this.#planProbe(now);
    return true;
  }

  /** Somebody waits: the next probe is due as soon as one may follow the last. */
  hasten(): void {
    this.#nextProbeAt = Math.min(this.#nextProbeAt, this.#probedAt + MIN_PROBE_GAP_MILLIS);
  }

  counts(): CircuitBreakerCounts {
    return { outages: this.#outages, probes: this.#probes };
  }

  // The failures before may have been another outage's, so this one begins here.
  #open(): void {
    this.#outages += 1;
    this.#openedAt = this.#now();
    this.#planProbe(this.#openedAt);
  }

  // Probes are spaced from start to start, so one that hangs does not hold the next one back.
  #planProbe(now: number): void {
    const share = (now - this.#openedAt) * PROBE_SHARE_OF_OUTAGE;
    const longest = Math.min(Math.max(share, MIN_PROBE_DELAY_MILLIS), MAX_PROBE_DELAY_MILLIS);
    this.#probedAt = now;
    this.#nextProbeAt = now + jittered(longest, this.#random);
  }
}
