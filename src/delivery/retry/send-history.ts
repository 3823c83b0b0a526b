import type { EncodedEnvelope } from "../../protocol/envelope.js";
import type { SendOptions, SendResult } from "../transport.js";

/** One attempt and how it started. */
export interface Attempt {
  readonly result: SendResult;
  /** True if the server was considered unreachable. */
  readonly isProbe: boolean;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
}

/** An envelope to send, and its position among all sends. */
interface SendRequest {
  readonly envelope: EncodedEnvelope;
  readonly options: SendOptions | undefined;
  readonly order: number;
}

/** The kind of failure of an attempt, which determines the next attempt. */
type AttemptFailure = "answer" | "connect" | "reused" | "timeout" | "unavailable";

// Maximum number of transmissions of an envelope that may have arrived. The server drops duplicates, but they count towards
// the quota.
const MAX_ARRIVALS = 3;

// Maximum number of transmissions of a check-in: the server treats all copies with one id and status as one, and a lost
// check-in causes a false alarm. Ten retries take some minutes; probes do not count.
const MAX_CHECK_IN_ARRIVALS = 11;

// The server remembers event ids only for a limited time; a later duplicate would be stored as another event.
// https://github.com/getsentry/sentry/blob/master/src/sentry/ingest/consumer/processors.py
const MAX_RETRY_MILLIS = 2 * 60 * 1000;

const ON_NEW_CONNECTION: SendOptions = Object.freeze({ newConnection: true });

/** The attempts to send one envelope. */
export class SendHistory {
  readonly envelope: EncodedEnvelope;
  /** True if the send waits while the server is unreachable, even if others fail at once. */
  readonly isPatient: boolean;
  /** True for a check-in that nothing else keeps: it may arrive any number of times without harm. */
  readonly isRepeatable: boolean;
  #order: number;
  #options: SendOptions | undefined;
  #arrivals = 0;
  #unknowns = 0;
  #connectFailures = 0;
  #deadlineMillis = Number.POSITIVE_INFINITY;
  #lastFailure: AttemptFailure | undefined;
  #outcome: SendResult | undefined;

  /** `failFast`: while the server is unreachable, sends fail at once, and their envelopes are kept in a spool. */
  constructor({ envelope, options, order }: SendRequest, nowMillis: number, failFast: boolean) {
    this.envelope = envelope;
    this.#order = order;
    this.#options = options;
    this.isPatient = options?.holdMillis !== undefined;
    this.isRepeatable = envelope.category === "monitor" && (this.isPatient || !failFast);
    this.#deadlineMillis = nowMillis + (options?.holdMillis ?? Number.POSITIVE_INFINITY);
  }

  /** Position among the sends that wait for a probe. */
  get order(): number {
    return this.#order;
  }

  /** Options of the next attempt. */
  get options(): SendOptions | undefined {
    return this.#options;
  }

  /** Number of attempts that may have arrived. */
  get arrivals(): number {
    return this.#arrivals;
  }

  /** True after two attempts that may have arrived, for an envelope that may be sent more often than others. */
  get isRepeated(): boolean {
    return this.isRepeatable && this.#unknowns > 1;
  }

  /** True if the envelope may have arrived so often that it is not sent again. */
  get isExhausted(): boolean {
    const isAnswered = this.#lastFailure === "unavailable";
    return (
      this.#arrivals >= (this.isRepeatable && !isAnswered ? MAX_CHECK_IN_ARRIVALS : MAX_ARRIVALS)
    );
  }

  /** Number of attempts of which it is unknown whether they arrived. */
  get unknowns(): number {
    return this.#unknowns;
  }

  /** Number of failed connection attempts in this outage. */
  get connectFailures(): number {
    return this.#connectFailures;
  }

  /** Time after which there is no further attempt; infinite for a check-in, and while nothing can have arrived, unless a limit was given. */
  get deadlineMillis(): number {
    return this.#deadlineMillis;
  }

  get lastFailure(): AttemptFailure | undefined {
    return this.#lastFailure;
  }

  /** The result if there is no further attempt: that of the last attempt, or of the last one that may have arrived. */
  get outcome(): SendResult | undefined {
    return this.#outcome;
  }

  /** Adds an attempt that may be followed by another. */
  add(attempt: Attempt): void {
    const { result } = attempt;
    const failure = this.#failureOf(result);
    this.#lastFailure = failure;
    if (failure === "connect") this.#connectFailures += 1;
    else this.#arrived(attempt, failure);
    // A failed connection does not rule out that an earlier attempt has arrived.
    if (failure !== "connect" || this.#arrivals === 0) this.#outcome = result;
  }

  /** Puts the send behind all others, so that one that breaks every connection is not made for each probe. */
  goBehind(order: number): void {
    this.#order = order;
  }

  /**
   * Records that the server has answered another send since the attempt started, so that earlier failures no longer
   * count.
   */
  serverIsBack(): void {
    this.#connectFailures = Math.min(this.#connectFailures, 1);
  }

  #arrived({ startedAt, isProbe }: Attempt, failure: AttemptFailure | undefined): void {
    if (this.#arrivals === 0 && !this.isRepeatable) this.#endBy(startedAt + MAX_RETRY_MILLIS);
    if (!this.isRepeatable || !isProbe) this.#arrivals += 1;
    if (failure === "answer" || failure === "timeout") this.#unknowns += 1;
    // If one kept connection is dead, the others may be as well: a NAT gateway forgets all of them.
    if (failure === "reused" || failure === "timeout") this.#options = ON_NEW_CONNECTION;
  }

  #endBy(millis: number): void {
    this.#deadlineMillis = Math.min(this.#deadlineMillis, millis);
  }

  #failureOf(result: SendResult): AttemptFailure | undefined {
    if (result.outcome !== "retryable") return "unavailable";
    const { phase } = result;
    // A new connection cannot have been closed by the server for being idle.
    if (phase === "reused") return this.#options?.newConnection === true ? "answer" : "reused";
    return phase === "refused" ? undefined : phase;
  }
}
