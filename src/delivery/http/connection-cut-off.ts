// As a share of the time after which the server let go: what is sent then is still there in time.
const SAFE_SHARE = 0.75;

// Below this a connection is in use without a break, and what ended it was not its idleness.
const LEAST_MILLIS = 5;

const DOUBLES_EVERY_MILLIS = 60_000;

// How many times as long a pause must have gone well for a loss to be no matter of idleness: a server's
// timers are late at times, and that alone is no contradiction.
const CLEARLY_LONGER = 1.5;

/**
 * How long a connection may have been idle to be used again: learned from the server. One that closes
 * idle connections after 30 ms, while we send every 30 ms, would cross each of our requests with its
 * FIN. Such a request is lost or, where the server still reads it, processed without an answer and
 * then once more. So a connection that the server closed lowers the bound, and each minute doubles
 * it again.
 *
 * A restart closes connections as well, and short pauses that it ends must not lower the bound: for
 * minutes nearly each request would open a connection, to a server that has just come back.
 */
export class IdleCutOff {
  readonly #most: number;
  #learned = Number.POSITIVE_INFINITY;
  #learnedAt = 0;
  #survived = 0;
  #restartedAt = Number.NEGATIVE_INFINITY;

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

  /** A connection has served a request after a pause of so long. */
  survived(idleMillis: number): void {
    if (idleMillis > this.#survived) this.#survived = idleMillis;
  }

  /** The server let go of a connection that had been idle for so long. */
  learn(idleMillis: number, now: number, connectedAt: number = now): void {
    if (this.#isByRestart(idleMillis, now, connectedAt)) return;
    const safe = Math.max(LEAST_MILLIS, idleMillis * SAFE_SHARE);
    const bound = this.at(now);
    // Also what is a little above the bound says that it must not rise now.
    if (safe >= bound * 2) return;
    this.#learned = Math.min(safe, bound);
    this.#learnedAt = now;
  }

  /** The server broke a connection whose request came after so long a pause. */
  learnFromLoss(idleMillis: number, now: number, connectedAt: number = now): void {
    if (idleMillis >= LEAST_MILLIS) this.learn(idleMillis, now, connectedAt);
  }

  // A restart ends all connections that there are. Those made after it show anew what is let pass, since
  // it may be another server.
  #isByRestart(idleMillis: number, now: number, connectedAt: number): boolean {
    if (connectedAt < this.#restartedAt) return true;
    if (idleMillis * CLEARLY_LONGER >= this.#survived) return false;
    this.#restartedAt = now;
    this.#survived = 0;
    return true;
  }
}
