import { backOffMillis, briefDelayMillis, retryAfterMillis } from "./back-off.js";
import { FAILURES_TO_OPEN } from "./circuit-breaker.js";
import type { SendHistory } from "./send-history.js";
import type { SendResult } from "../transport.js";

/** Dependencies of `RetryPolicy`. */
interface RetryPolicySettings {
  readonly budget: RetryBudget;
  /** True if 502, 503 and 504 are retried. */
  readonly retryOn5xx: boolean;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Returns a random number from 0 to below 1. */
  readonly random: () => number;
}

interface NextAttempt {
  readonly cost: number;
  readonly delayMillis: number;
}

// Responses that a proxy sends while the server behind it is down.
const UNAVAILABLE: ReadonlySet<number> = new Set([502, 503, 504]);

const MAX_CONNECT_DOUBLINGS = 3;

const MIN_REPEAT_MILLIS = 15_000;

// Returns the delay after failed connections. One envelope makes all the attempts that open the breaker, which then
// times the probes by the length of the outage. So these attempts use the shortest delay: with doubling delays, the
// return of a server after 5 s went unnoticed for up to 8 s. Delays double, up to 4 s, if the server meanwhile answers other
// sends: connections are scarce then, as when the process runs out of descriptors, but not for long.
function connectPauseMillis(failures: number, random: () => number): number {
  const doublings = failures - FAILURES_TO_OPEN + 2;
  return backOffMillis(Math.min(Math.max(1, doublings), MAX_CONNECT_DOUBLINGS), random);
}

/** Decides whether an envelope is retried, and when. */
export class RetryPolicy {
  readonly #settings: RetryPolicySettings;

  constructor(settings: RetryPolicySettings) {
    this.#settings = settings;
  }

  /** Tells whether another attempt may have a better result. */
  mayImprove(result: SendResult): boolean {
    if (result.outcome === "rejected") {
      return this.#settings.retryOn5xx && UNAVAILABLE.has(result.statusCode);
    }
    if (result.outcome !== "retryable") return false;
    return result.phase !== undefined && result.phase !== "refused";
  }

  /**
   * Returns the delay before the next attempt, and charges the budget for it; undefined if there is no further attempt.
   */
  delayBeforeNext(history: SendHistory): number | undefined {
    const next = this.#next(history);
    if (next === undefined || history.isExhausted) return undefined;
    // If the server asks for a longer delay than the deadline allows, the envelope counts as refused.
    if (this.#settings.now() + next.delayMillis > history.deadlineMillis) return undefined;
    return this.#settings.budget.take(next.cost) ? next.delayMillis : undefined;
  }

  #next(history: SendHistory): NextAttempt | undefined {
    const { random } = this.#settings;
    switch (history.lastFailure) {
      case "connect":
        return { cost: 0, delayMillis: connectPauseMillis(history.connectFailures, random) };
      case "reused":
        // The next attempt uses a new connection, so there is at most one such retry per envelope.
        return { cost: 0, delayMillis: 0 };
      case "unavailable":
        return { cost: 0, delayMillis: this.#unavailableMillis(history) };
      case "answer":
      case "timeout":
        return this.#nextAfterUnknown(history);
      default:
        return undefined;
    }
  }

  // Check-ins are few, and a flood of other sends must not use up their budget. Sentry accepts six per minute of a monitor,
  // copies included.
  #nextAfterUnknown(history: SendHistory): NextAttempt | undefined {
    const { random } = this.#settings;
    const { isRepeatable, isRepeated, lastFailure, unknowns } = history;
    if (isRepeated) {
      const delayMillis = Math.max(MIN_REPEAT_MILLIS, backOffMillis(unknowns, random));
      return { cost: 0, delayMillis };
    }
    if (unknowns > 1) return undefined;
    const cost = lastFailure === "timeout" ? TIMEOUT_RETRY_COST : RETRY_COST;
    return { cost: isRepeatable ? 0 : cost, delayMillis: briefDelayMillis(random) };
  }

  // Not charged to the budget: a waiting envelope occupies one of the few slots, which by itself lowers the load on a
  // server that answers like this.
  #unavailableMillis({ outcome, arrivals }: SendHistory): number {
    const backOff = backOffMillis(arrivals, this.#settings.random);
    if (outcome === undefined || outcome.outcome === "retryable") return backOff;
    return Math.max(retryAfterMillis(outcome.limits.retryAfter) ?? 0, backOff);
  }
}

const MAX_TOKENS = 500;

/** Tokens per retry. */
const RETRY_COST = 5;

/** Tokens per retry after a time-out, which indicates an overloaded server. */
const TIMEOUT_RETRY_COST = 10;

/**
 * Limits the traffic that retries add. It has 500 tokens and gets one back for each delivery, so that in the long run
 * at most one send in five is a retry, however many fail.
 */
export class RetryBudget {
  #tokens = MAX_TOKENS;

  /** Remaining tokens, never below 0. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Charges a retry; returns false and charges nothing if there are too few tokens. */
  take(cost: number): boolean {
    if (cost > this.#tokens) return false;
    this.#tokens -= cost;
    return true;
  }

  /** Adds a token for a delivery. */
  credit(): void {
    if (this.#tokens < MAX_TOKENS) this.#tokens += 1;
  }
}
