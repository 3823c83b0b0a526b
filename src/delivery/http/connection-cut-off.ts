// Share of the idle time after which the server closed a connection. A request that is sent within this share still
// arrives in time.
const SAFE_SHARE = 0.75;

// With shorter pauses a connection is in continuous use, so idleness is not the reason why it ended.
const LEAST_MILLIS = 5;

const DOUBLES_EVERY_MILLIS = 60_000;

// A loss is not due to idleness if a connection has survived a pause this many times as long. The margin allows for
// late timers of the server.
const CLEARLY_LONGER = 1.5;

/**
 * Learns from the server how long a connection may have been idle to be used again. If a server closes idle connections
 * after 30 ms and we send every 30 ms, each of our requests crosses its FIN. Such a request is lost or, if the server
 * still reads it, processed without a response and then sent again. So each idle connection that the server closes
 * lowers the bound, and each minute doubles it again.
 * A restart of the server closes connections as well but must not lower the bound: otherwise nearly each request would
 * open a connection for minutes, to a server that has just restarted.
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

  /** Returns the bound, in milliseconds. */
  at(now: number): number {
    if (this.#learned === Number.POSITIVE_INFINITY) return this.#most;
    const doublings = Math.floor((now - this.#learnedAt) / DOUBLES_EVERY_MILLIS);
    const bound = this.#learned * 2 ** doublings;
    if (bound < this.#most) return bound;
    this.#learned = Number.POSITIVE_INFINITY;
    return this.#most;
  }

  /** Records that a connection served a request after this pause. */
  survived(idleMillis: number): void {
    if (idleMillis > this.#survived) this.#survived = idleMillis;
  }

  /** Records that the server closed a connection after this idle time. */
  learn(idleMillis: number, now: number, connectedAt: number = now): void {
    if (this.#isByRestart(idleMillis, now, connectedAt)) return;
    const safe = Math.max(LEAST_MILLIS, idleMillis * SAFE_SHARE);
    const bound = this.at(now);
    // An observation slightly above the bound confirms it, and postpones the next doubling.
    if (safe >= bound * 2) return;
    this.#learned = Math.min(safe, bound);
    this.#learnedAt = now;
  }

  /** Records that the server closed a connection during a request that came after this pause. */
  learnFromLoss(idleMillis: number, now: number, connectedAt: number = now): void {
    if (idleMillis >= LEAST_MILLIS) this.learn(idleMillis, now, connectedAt);
  }

  // Tells whether a connection ended because the server restarted, which closes all connections. Another server may be
  // running afterwards, so the pauses that it tolerates are learned anew.
  #isByRestart(idleMillis: number, now: number, connectedAt: number): boolean {
    if (connectedAt < this.#restartedAt) return true;
    if (idleMillis * CLEARLY_LONGER >= this.#survived) return false;
    this.#restartedAt = now;
    this.#survived = 0;
    return true;
  }
}
