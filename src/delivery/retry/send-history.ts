import type { EncodedEnvelope } from "../../protocol/envelope.js";
import type { SendOptions, SendResult } from "../transport.js";

/** One attempt, with the time at which it began. */
export interface Attempt {
  readonly result: SendResult;
  /** By a clock that only goes forward. */
  readonly startedAt: number;
}

/** What is sent, and its rank among all sends. */
export interface SendRequest {
  readonly envelope: EncodedEnvelope;
  readonly options: SendOptions | undefined;
  readonly order: number;
}

/** What came of an attempt, as far as the next one depends on it. */
export type AttemptFailure = "answer" | "connect" | "reused" | "timeout" | "unavailable";

/** Transmissions of one envelope that may have arrived, at most: the server drops what it knows, but counts it. */
export const MAX_ARRIVALS = 3;

// The server forgets the ids that it has seen in time, and a duplicate would be one more event then.
// https://github.com/getsentry/sentry/blob/master/src/sentry/ingest/consumer/processors.py
const MAX_RETRY_MILLIS = 2 * 60 * 1000;

const ON_NEW_CONNECTION: SendOptions = Object.freeze({ newConnection: true });

/** What is known of the attempts to send one envelope. */
export class SendHistory {
  readonly envelope: EncodedEnvelope;
  readonly order: number;
  /** Whether it waits for a server that is gone, whatever others do. */
  readonly isPatient: boolean;
  #options: SendOptions | undefined;
  #arrivals = 0;
  #unknowns = 0;
  #connectFailures = 0;
  #deadlineMillis = Number.POSITIVE_INFINITY;
  #lastFailure: AttemptFailure | undefined;
  #outcome: SendResult | undefined;

  constructor({ envelope, options, order }: SendRequest, nowMillis: number) {
    this.envelope = envelope;
    this.order = order;
    this.#options = options;
    this.isPatient = options?.holdMillis !== undefined;
    this.#deadlineMillis = nowMillis + (options?.holdMillis ?? Number.POSITIVE_INFINITY);
  }

  /** How the next attempt is to be made. */
  get options(): SendOptions | undefined {
    return this.#options;
  }

  /** Attempts that may have arrived. */
  get arrivals(): number {
    return this.#arrivals;
  }

  /** Attempts of which nobody knows whether the server has taken them. */
  get unknowns(): number {
    return this.#unknowns;
  }

  /** Attempts that did not get as far as a connection, in this outage. */
  get connectFailures(): number {
    return this.#connectFailures;
  }

  /** After this it is not sent again; without end while nothing can have arrived and no bound was given. */
  get deadlineMillis(): number {
    return this.#deadlineMillis;
  }

  get lastFailure(): AttemptFailure | undefined {
    return this.#lastFailure;
  }

  /** What to say if there is no further attempt: the last result, or the last of those that may have arrived. */
  get outcome(): SendResult | undefined {
    return this.#outcome;
  }

  /** Adds an attempt that was not the last one for sure. */
  add({ result, startedAt }: Attempt): void {
    const failure = this.#failureOf(result);
    this.#lastFailure = failure;
    if (failure === "connect") this.#connectFailures += 1;
    else this.#arrived(startedAt, failure);
    // That nothing was sent now does not hold for what was sent before.
    if (failure !== "connect" || this.#arrivals === 0) this.#outcome = result;
  }

  /** The server has answered something since that attempt began: what failed before says nothing of it now. */
  serverIsBack(): void {
    this.#connectFailures = Math.min(this.#connectFailures, 1);
  }

  #arrived(startedAt: number, failure: AttemptFailure | undefined): void {
    if (this.#arrivals === 0) this.#endBy(startedAt + MAX_RETRY_MILLIS);
    this.#arrivals += 1;
    if (failure === "answer" || failure === "timeout") this.#unknowns += 1;
    // Where one kept connection is dead the others may be, too: a middle box forgets all of them.
    if (failure === "reused" || failure === "timeout") this.#options = ON_NEW_CONNECTION;
  }

  #endBy(millis: number): void {
    this.#deadlineMillis = Math.min(this.#deadlineMillis, millis);
  }

  #failureOf(result: SendResult): AttemptFailure | undefined {
    if (result.outcome !== "retryable") return "unavailable";
    const { phase } = result;
    // A connection that was asked to be new has not been let go of by the server before.
    if (phase === "reused") return this.#options?.newConnection === true ? "answer" : "reused";
    return phase === "refused" ? undefined : phase;
  }
}
