import { backOffMillis, briefDelayMillis, retryAfterMillis } from "./back-off.js";
import { FAILURES_TO_OPEN } from "./circuit-breaker.js";
import type { RetryBudget } from "./retry-budget.js";
import { RETRY_COST, TIMEOUT_RETRY_COST } from "./retry-budget.js";
import type { SendHistory } from "./send-history.js";
import { MAX_ARRIVALS } from "./send-history.js";
import type { SendResult } from "../transport.js";

/** What the policy depends on. */
export interface RetryPolicySettings {
  readonly budget: RetryBudget;
  /** Whether 502, 503 and 504 are tried again. */
  readonly retryOn5xx: boolean;
  /** Milliseconds by a clock that only goes forward. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

interface NextAttempt {
  readonly cost: number;
  readonly delayMillis: number;
}

// What a proxy answers while the server behind it is away.
const UNAVAILABLE: ReadonlySet<number> = new Set([502, 503, 504]);

// An envelope that is alone makes all attempts that open the breaker, which then times the probes by how long the outage has
// lasted. It makes them at the shortest pause: after 5 s without a server, doubled pauses were up to 8 s long, and
// nothing else noticed its return. Beyond that the server answers others, and the pauses double.
function connectPauseMillis(failures: number, random: () => number): number {
  return backOffMillis(Math.max(1, failures - FAILURES_TO_OPEN + 2), random);
}

/** Decides whether an envelope is sent again, and when. */
export class RetryPolicy {
  readonly #settings: RetryPolicySettings;

  constructor(settings: RetryPolicySettings) {
    this.#settings = settings;
  }

  /** Whether another attempt can change the outcome. */
  mayImprove(result: SendResult): boolean {
    if (result.outcome === "rejected") {
      return this.#settings.retryOn5xx && UNAVAILABLE.has(result.statusCode);
    }
    if (result.outcome !== "retryable") return false;
    return result.phase !== undefined && result.phase !== "refused";
  }

  /** How long to wait before the next attempt, which is paid for; undefined when there is none. */
  delayBeforeNext(history: SendHistory): number | undefined {
    const next = this.#next(history);
    if (next === undefined || history.arrivals >= MAX_ARRIVALS) return undefined;
    // A server that asks for more time than there is has refused.
    if (this.#settings.now() + next.delayMillis > history.deadlineMillis) return undefined;
    return this.#settings.budget.take(next.cost) ? next.delayMillis : undefined;
  }

  #next(history: SendHistory): NextAttempt | undefined {
    const { random } = this.#settings;
    switch (history.lastFailure) {
      case "connect":
        return { cost: 0, delayMillis: connectPauseMillis(history.connectFailures, random) };
      case "reused":
        // The next attempt goes over a new connection: there is at most one such retry per envelope.
        return { cost: 0, delayMillis: 0 };
      case "unavailable":
        return { cost: 0, delayMillis: this.#unavailableMillis(history) };
      case "answer":
      case "timeout": {
        if (history.unknowns > 1) return undefined;
        const cost = history.lastFailure === "timeout" ? TIMEOUT_RETRY_COST : RETRY_COST;
        return { cost, delayMillis: briefDelayMillis(random) };
      }
      default:
        return undefined;
    }
  }

  // No budget is asked for: what waits keeps its place among the few sends that are under way, so the
  // load on a server that answers this falls by itself.
  #unavailableMillis({ outcome, arrivals }: SendHistory): number {
    const backOff = backOffMillis(arrivals, this.#settings.random);
    if (outcome === undefined || outcome.outcome === "retryable") return backOff;
    return Math.max(retryAfterMillis(outcome.limits.retryAfter) ?? 0, backOff);
  }
}
