// As a share of the time after which the server let go: what is sent then is still there in time.
const SAFE_SHARE = 0.75;

// Below this a connection is in use without a break, and what ended it was not its idleness.
const LEAST_MILLIS = 5;

const DOUBLES_EVERY_MILLIS = 60_000;

/**
 * How long a connection may have been idle to be used again: learned from the server. One that closes
 * idle connections after 30 ms, while we send every 30 ms, would cross each of our requests with its
 * FIN. Such a request is lost or, where the server still reads it, processed without an answer and
 * then once more. So a connection that the server closed lowers the bound, and each minute doubles
 * it again, since it may have been a restart.
 */
export class IdleCutOff {
  readonly #most: number;
  #learned = Number.POSITIVE_INFINITY;
  #learnedAt = 0;

  constructor(mostMillis: number) {
    this.#most = mostMillis;
  }

  /** The bound in milliseconds. */
  at(now: number): number {
    if (this.#learned === Number.POSITIVE_INFINITY) return this.#most;
    const doublings = Math.floor((now - this.#learnedAt) / DOUBLES_EVERY_MILLIS);
    const bound = this.#learned * 2 ** doublings;
    if (bound < this.#most) return bound;
    this.#learned = Number.POSITIVE_INFINITY;
    return this.#most;
  }

  /** The server let go of a connection that had been idle for so long. */
  learn(idleMillis: number, now: number): void {
    const safe = Math.max(LEAST_MILLIS, idleMillis * SAFE_SHARE);
    const bound = this.at(now);
    // Also what is a little above the bound says that it must not rise now.
    if (safe >= bound * 2) return;
    this.#learned = Math.min(safe, bound);
    this.#learnedAt = now;
  }

  /** The server broke a connection whose request came after so long a pause. */
  learnFromLoss(idleMillis: number, now: number): void {
    if (idleMillis >= LEAST_MILLIS) this.learn(idleMillis, now);
  }
}
