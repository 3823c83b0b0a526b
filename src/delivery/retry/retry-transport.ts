import type { EncodedEnvelope } from "../../protocol/envelope.js";
import { CircuitBreaker } from "./circuit-breaker.js";
import { ProbeLine, RetryPauses } from "./held-sends.js";
import { RetryBudget, RetryPolicy } from "./retry-policy.js";
import type { Attempt } from "./send-history.js";
import { SendHistory } from "./send-history.js";
import type { StartTimer, Timers } from "../../support/time.js";
import { systemTimers } from "../../support/time.js";
import { observed, sendOver } from "../transport.js";
import type {
  ObservedTransport,
  SendObserver,
  SendOptions,
  SendResult,
  Transport,
} from "../transport.js";

/** Dependencies and options of a retry transport. */
export interface RetryTransportSettings {
  /** The transport that makes the attempts. */
  readonly transport: Transport;
  /** Retries after 502, 503 and 504, at most twice within 2 minutes. Default false. */
  readonly retryOn5xx?: boolean | undefined;
  /**
   * While the server is unreachable, sends fail at once instead of waiting, because the caller stores the envelopes
   * elsewhere. A function is called for each send. Default false.
   */
  readonly failFast?: boolean | (() => boolean) | undefined;
  /** Runs a function outside of any unit of work, with tracing suppressed. */
  readonly runDetached?: (<T>(run: () => T) => T) | undefined;
  readonly timers?: Timers | undefined;
  /** Returns a random number from 0 to below 1; default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Monotonic clock, in milliseconds; default `performance.now`. */
  readonly now?: (() => number) | undefined;
  /**
   * Called before each attempt after the first, with the result of the previous one. Errors that it throws are
   * ignored.
   */
  readonly onRetry?: ((envelope: EncodedEnvelope, last: SendResult) => void) | undefined;
}

/** Counts of a retry transport. */
interface RetryCounts {
  /** Attempts after the first, since the start of the process. */
  readonly retries: number;
  /** Sends that currently wait for their next attempt. */
  readonly held: number;
  /** How often the server became unreachable. */
  readonly outages: number;
  /** Attempts while the server was unreachable. */
  readonly probes: number;
  /** Remaining tokens for retries of envelopes that may have arrived: 0 to 500. */
  readonly budget: number;
}

/** A transport that retries failed deliveries where that is safe. */
export interface RetryTransport extends ObservedTransport, Transport {
  /** Called by a flush: held sends are attempted now. */
  wake(): void;
  /** False while the last attempt got no response. */
  readonly isReachable: boolean;
  /** True: sends with `holdMillis` wait while the server is unreachable, even if others fail at once. */
  readonly holdsSends: true;
  /** The error of the last attempt; undefined once the server has responded. */
  readonly lastError: Error | undefined;
  /**
   * Resolves to true when a send may be made: at once, or as the next probe while the server is unreachable. Resolves
   * to false after `holdMillis` milliseconds, or when the transport is closed.
   */
  whenDue(holdMillis: number): Promise<boolean>;
  counts(): RetryCounts;
}

// Minimum time between two wake-ups: `flush` may be called in a loop, which must not turn backoff into a busy loop.
const MIN_WAKE_GAP_MILLIS = 250;

/**
 * Creates a transport that retries failed sends. A send that cannot have arrived is retried without limit; one that may
 * have arrived is retried at most twice, within 2 minutes and a budget; a check-in, whose copies the server merges, ten times,
 * and without limit while the server is unreachable. There is no retry after a response, except 502, 503 and 504 with `retryOn5xx`. While the server is
 * unreachable, sends wait in order and are made one by one as probes.
 * If the given transport throws, which says nothing about the server, `send` rejects with its error.
 */
export function createRetryTransport(settings: RetryTransportSettings): RetryTransport {
  return new RetryingTransport(settings);
}

class RetryingTransport implements RetryTransport {
  readonly holdsSends = true;
  readonly #settings: RetryTransportSettings;
  readonly #transport: ObservedTransport;
  readonly #now: () => number;
  readonly #budget = new RetryBudget();
  readonly #breaker: CircuitBreaker;
  readonly #policy: RetryPolicy;
  readonly #line: ProbeLine;
  readonly #pauses: RetryPauses;
  #sends = 0;
  #retries = 0;
  #wokenAt = Number.NEGATIVE_INFINITY;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(settings: RetryTransportSettings) {
    const { random = Math.random, retryOn5xx = false, timers = systemTimers } = settings;
    const now = settings.now ?? ((): number => performance.now());
    const startTimer: StartTimer = (delayMillis, run) =>
      this.#detached(() => timers.inBackground(delayMillis, run));
    this.#settings = settings;
    this.#transport = observed(settings.transport);
    this.#now = now;
    this.#breaker = new CircuitBreaker({ now, random });
    this.#policy = new RetryPolicy({ budget: this.#budget, retryOn5xx, now, random });
    this.#line = new ProbeLine({ breaker: this.#breaker, startTimer, now });
    this.#pauses = new RetryPauses(startTimer);
  }

  get isReachable(): boolean {
    return this.#breaker.isReachable;
  }

  get lastError(): Error | undefined {
    return this.#breaker.lastError;
  }

  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<SendResult> {
    return sendOver(this, envelope, options);
  }

  deliver(envelope: EncodedEnvelope, observer: SendObserver, options?: SendOptions): void {
    this.#sends += 1;
    const request = { envelope, options, order: this.#sends };
    const startedAt = this.#now();
    if (this.#isClosed || (this.#breaker.isOpen && options?.isProbe !== true))
      return this.#tryLater(new SendHistory(request, startedAt, this.#failFast), observer);
    const firstAttempt: SendObserver = {
      settled: (result) => {
        this.#noteResult(result);
        if (!this.#policy.mayImprove(result)) return observer.settled(result);
        const history = new SendHistory(request, startedAt, this.#failFast);
        const isProbe = options?.isProbe === true;
        return this.#tryLater(history, observer, { result, isProbe, startedAt });
      },
      threw: (error) => observer.threw(error),
    };
    this.#transport.deliver(envelope, firstAttempt, options);
  }

  whenDue(holdMillis: number): Promise<boolean> {
    if (this.#isClosed || !this.#breaker.isOpen) return Promise.resolve(!this.#isClosed);
    this.#sends += 1;
    return this.#line.enter({ order: this.#sends, untilMillis: this.#now() + holdMillis });
  }

  wake(): void {
    const now = this.#now();
    this.#breaker.hasten();
    this.#line.advance();
    if (now - this.#wokenAt < MIN_WAKE_GAP_MILLIS) return;
    this.#wokenAt = now;
    this.#pauses.cut();
  }

  counts(): RetryCounts {
    return {
      ...this.#breaker.counts(),
      retries: this.#retries,
      held: this.#line.size + this.#pauses.size,
      budget: this.#budget.tokens,
    };
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#pauses.end();
    this.#line.end();
    await this.#settings.transport.close();
  }

  #tryLater(history: SendHistory, observer: SendObserver, first?: Attempt): void {
    void this.#tryUntilDone(history, first).then(
      (result) => observer.settled(result),
      (error: unknown) => observer.threw(error),
    );
  }

  async #tryUntilDone(history: SendHistory, first?: Attempt): Promise<SendResult> {
    let isDue = first === undefined || (await this.#recordAndWait(history, first));
    while (isDue && (await this.#mayGo(history))) {
      const attempt = await this.#attempt(history);
      if (!this.#policy.mayImprove(attempt.result)) return attempt.result;
      isDue = await this.#recordAndWait(history, attempt);
    }
    return this.#isClosed ? this.#closedOutcome(history) : this.#heldOutcome(history);
  }

  // Records a failed attempt, charges the budget for the next one, and waits until that is due. Resolves to false if there
  // is no next attempt.
  async #recordAndWait(history: SendHistory, attempt: Attempt): Promise<boolean> {
    history.add(attempt);
    if (history.lastFailure !== "connect") history.goBehind((this.#sends += 1));
    if (attempt.startedAt < this.#answeredAt) history.serverIsBack();
    if (this.#isClosed || (this.#breaker.isOpen && this.#failsFast(history))) return false;
    // The breaker then times the probes. With a delay of its own, this send could miss the server's return.
    if (this.#breaker.isOpen && history.lastFailure === "connect") return true;
    if (history.isRepeated && this.#pauses.areMany) return attempt.isProbe;
    const delayMillis = this.#policy.delayBeforeNext(history);
    if (delayMillis === undefined || delayMillis === 0) return delayMillis === 0;
    return this.#pauses.pause({ delayMillis, canBeCut: history.lastFailure === "connect" });
  }

  async #mayGo(history: SendHistory): Promise<boolean> {
    if (this.#isClosed) return false;
    if (this.#breaker.isOpen && !(await this.#passesBreaker(history))) return false;
    // `close` may have been called, or the deadline may have passed, since the send was released.
    return !this.#isClosed && this.#now() <= history.deadlineMillis;
  }

  #passesBreaker(history: SendHistory): boolean | Promise<boolean> {
    if (this.#failsFast(history)) return this.#breaker.takeProbe();
    return this.#line.enter({ order: history.order, untilMillis: history.deadlineMillis });
  }

  async #attempt(history: SendHistory): Promise<Attempt> {
    const { envelope, options, outcome } = history;
    if (outcome !== undefined) this.#countRetry(envelope, outcome);
    const isProbe = this.#breaker.isOpen;
    const startedAt = this.#now();
    const result = await this.#detached(() => sendOver(this.#transport, envelope, options));
    this.#noteResult(result);
    return { result, isProbe, startedAt };
  }

  // A server that closes a kept connection may still be reachable, and a failure after `close` is caused by this
  // process.
  #noteResult(result: SendResult): void {
    if (result.outcome === "retryable") {
      if (!this.#isClosed && result.phase !== "reused") this.#breaker.failed(result.error);
      return;
    }
    this.#answeredAt = this.#now();
    if (result.outcome === "delivered") this.#budget.credit();
    if (this.#breaker.answered()) this.#resume();
  }

  #resume(): void {
    this.#line.release();
    this.#pauses.cut();
  }

  #countRetry(envelope: EncodedEnvelope, last: SendResult): void {
    this.#retries += 1;
    try {
      this.#settings.onRetry?.(envelope, last);
    } catch {
      // A hook that throws must not lose the envelope.
    }
  }

  // A send that was never attempted gets the error of the last attempt of another send.
  #heldOutcome({ outcome }: SendHistory): SendResult {
    if (outcome !== undefined) return outcome;
    const error = this.#breaker.lastError ?? new Error("the server cannot be reached");
    return { outcome: "retryable", error, phase: "connect" };
  }

  #closedOutcome({ outcome }: SendHistory): SendResult {
    const cause = this.#breaker.lastError;
    const error =
      outcome?.outcome === "retryable"
        ? outcome.error
        : new Error("the transport is closed", { cause });
    return { outcome: "retryable", error, phase: "refused" };
  }

  #failsFast({ isPatient }: SendHistory): boolean {
    return !isPatient && this.#failFast;
  }

  get #failFast(): boolean {
    const { failFast = false } = this.#settings;
    return typeof failFast === "function" ? failFast() : failFast;
  }

  #detached<T>(run: () => T): T {
    return this.#settings.runDetached === undefined ? run() : this.#settings.runDetached(run);
  }
}
