const MAX_TOKENS = 500;

/** What a retry costs. */
export const RETRY_COST = 5;

/** What a retry costs where the server has let a whole deadline pass: it is likely to be overloaded. */
export const TIMEOUT_RETRY_COST = 10;

/**
 * What retries may add to the traffic: 500 tokens, and one more for each delivery, so that in the long
 * run at most one send in five is a retry, however much fails.
 */
export class RetryBudget {
  #tokens = MAX_TOKENS;

  /** What is left; never below 0. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Pays for a retry; false, and nothing is paid, when there is too little. */
  take(cost: number): boolean {
    if (cost > this.#tokens) return false;
    this.#tokens -= cost;
    return true;
  }

  /** A delivery pays a token in. */
  credit(): void {
    if (this.#tokens < MAX_TOKENS) this.#tokens += 1;
  }
}
