// After a connection was lost, another one must carry this many requests more before connections are trusted again. The
// number doubles each time this proves wrong, since a server may close connections at random.
const MIN_TRUST_MARGIN = 5;
const MAX_TRUST_MARGIN = 320;

const LOSSES_TO_PAUSE = 3;
const MIN_PAUSE_MILLIS = 1000;
const MAX_PAUSE_MILLIS = 60_000;

// Losses that are further apart are unrelated.
const FORGET_MILLIS = 5 * 60_000;

// How long requests wait for the scout before they open connections. A handshake takes longer than most responses, but
// a late response must not hold up a backlog.
const SCOUT_GRACE_MILLIS = 250;

/** The state of a kept connection that its reuse depends on. */
export interface KeptConnection {
  /** Number of requests that were answered. */
  readonly served: number;
  readonly isSending: boolean;
}

/**
 * Learns from the server how many requests a connection may carry. A server may close each connection after one, two or
 * three requests without announcing it. It then loses every further request or, if it still reads the request,
 * processes it without a response, and the request is sent again. So until the server has answered enough requests on
 * one connection, one connection goes first (the scout), and the others carry no more requests than the scout has.
 * After a loss they carry fewer requests than the lost connection had, until a scout gets clearly further. If three
 * scouts are lost without that, there is none for a second, later for up to a minute, and connections are closed by
 * this package just before the server would close them.
 */
export class ReuseTrust {
  #proven = 0;
  #margin = MIN_TRUST_MARGIN;
  #trustedFrom = MIN_TRUST_MARGIN;
  #losses = 0;
  #lostAt = Number.NEGATIVE_INFINITY;
  #pauseMillis = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #scout: KeptConnection | undefined;
  #scoutSince = 0;

  /** True if the server has answered enough requests on one connection since it last closed one without announcing it. */
  get isTrusted(): boolean {
    return this.#proven === Number.POSITIVE_INFINITY;
  }

  /** Tells whether the connection may carry one more request now. */
  allows({ served }: KeptConnection, now: number): boolean {
    if (served <= this.#proven) return true;
    return this.#scout?.isSending !== true && now >= this.#pausedUntil;
  }

  /** Records that the connection is about to carry a request. */
  uses(connection: KeptConnection, now: number): void {
    if (connection.served <= this.#proven) return;
    this.#scout = connection;
    this.#scoutSince = now;
  }

  /** Tells whether the connection is of no more use, because the server is expected to close it. */
  isSpent({ served }: KeptConnection, now: number): boolean {
    return served > this.#proven && now < this.#pausedUntil;
  }

  /**
   * Returns the time until which requests wait for the scout instead of opening connections; undefined if they do not
   * wait.
   */
  waitsUntil(): number | undefined {
    return this.#scout?.isSending === true ? this.#scoutSince + SCOUT_GRACE_MILLIS : undefined;
  }

  /** Records a response on a connection that had served this many requests before. */
  answered(served: number): void {
    if (served <= this.#proven) return;
    if (this.#losses === 0) this.#proven = served;
    if (served >= this.#trustedFrom) this.#trust();
  }

  /** Records that a connection, opened at this time, was lost during a request. */
  lost(connection: KeptConnection, now: number, connectedAt: number): void {
    const wasTrusted = this.isTrusted;
    this.#proven = Math.min(this.#proven, connection.served - 1);
    if (now - this.#lostAt > FORGET_MILLIS) this.#forget();
    else if (wasTrusted) this.#margin = Math.min(this.#margin * 2, MAX_TRUST_MARGIN);
    this.#trustedFrom = connection.served + this.#margin;
    // A restart of the server closes all connections at once, which counts as one loss. There is only one scout at a
    // time, so each lost scout counts.
    if (connectedAt < this.#lostAt && connection !== this.#scout) return;
    this.#losses += 1;
    this.#lostAt = now;
    if (this.#losses >= LOSSES_TO_PAUSE) this.#pause(now);
  }

  #trust(): void {
    this.#proven = Number.POSITIVE_INFINITY;
    this.#losses = 0;
    this.#pauseMillis = 0;
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
  }

  #forget(): void {
    this.#margin = MIN_TRUST_MARGIN;
    this.#losses = 0;
    this.#pauseMillis = 0;
  }

  #pause(now: number): void {
    const millis = Math.max(this.#pauseMillis * 2, MIN_PAUSE_MILLIS);
    this.#pauseMillis = Math.min(millis, MAX_PAUSE_MILLIS);
    this.#pausedUntil = now + this.#pauseMillis;
  }
}
