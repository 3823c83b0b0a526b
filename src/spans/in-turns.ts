// The budget of one turn of the event loop, in characters of JSON: copying so many takes about a quarter of a millisecond.
const LENGTH_PER_TURN = 200_000;

// The constant cost of building a transaction, as the number of characters that take as long to copy.
const TRANSACTION_LENGTH = 8000;

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/**
 * Measures the work of one turn of the event loop. It ends with the transaction that reaches 200,000 characters, where each counts
 * for 8000 more than it has; so it has at most 25.
 */
export class TurnBudget {
  #left: number;

  /** `turns`: the budget, as a multiple of that of one turn. */
  constructor(turns: number = 1) {
    this.#left = turns * LENGTH_PER_TURN;
  }

  /** Subtracts a transaction with so many characters; returns true if the turn must end. */
  spend(length: number): boolean {
    this.#left -= length + TRANSACTION_LENGTH;
    return this.#left <= 0;
  }
}

// Assembling a transaction only joins its texts; the sender takes about as many per turn of the event loop.
const SEGMENTS_PER_TURN = 32;

/**
 * Calls `run` with each item, and waits for `betweenTurns` after every 32. Default: until the next turn of the event
 * loop. By counts and not by characters, so that a flush of a few requests sends exactly what has finished by then. Takes no
 * item from the iterator before it can run it: a concurrent call takes what is left, and is done only when all have run.
 */
export async function inTurns<T>(
  items: Iterable<T>,
  run: (item: T) => void,
  betweenTurns: () => Promise<void> = nextTurn,
): Promise<void> {
  let count = 0;
  for (const item of items) {
    run(item);
    count++;
    if (count % SEGMENTS_PER_TURN === 0) await betweenTurns();
  }
}
