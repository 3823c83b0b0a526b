// Building the transactions of 32 segments takes about a millisecond, and the sender takes about as many envelopes per
// turn of the event loop. A flush of many segments therefore neither blocks the event loop nor overflows the queue.
const SEGMENTS_PER_TURN = 32;

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/**
 * Calls `run` with each item, and waits for `betweenTurns` after every 32. Default: until the next turn of the event
 * loop. Takes no item from the iterator before it can run it: a concurrent call takes what is left, and is done only when all
 * have run.
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
