// Characters of JSON that are assembled in one turn of the event loop: copying so many takes about a quarter of a millisecond.
const LENGTH_PER_TURN = 200_000;

// Building a transaction takes as long as copying so many characters, beside its own.
const TRANSACTION_LENGTH = 8000;

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Measures the work of one turn of the event loop: at most 25 transactions, and no further one after 200,000 characters. */
export class TurnBudget {
  #left: number;

  /** `turns`: how many times as much as usual. */
  constructor(turns: number = 1) {
    this.#left = turns * LENGTH_PER_TURN;
  }

  /** Subtracts a transaction with so many characters; returns true if the turn must end. */
  spend(length: number): boolean {
    this.#left -= length + TRANSACTION_LENGTH;
    return this.#left <= 0;
  }
}

/**
 * Calls `run` with each item, and waits for `betweenTurns` whenever a `TurnBudget` is spent. Default: until the next turn of
 * the event loop. `run` returns the characters that it has assembled. Takes no item from the iterator before it can run it: a
 * concurrent call takes what is left, and is done only when all have run.
 */
export async function inTurns<T>(
  items: Iterable<T>,
  run: (item: T) => number,
  betweenTurns: () => Promise<void> = nextTurn,
): Promise<void> {
  let budget = new TurnBudget();
  for (const item of items) {
    if (!budget.spend(run(item))) continue;
    await betweenTurns();
    budget = new TurnBudget();
  }
}
