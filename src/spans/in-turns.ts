// Building the transactions of 32 segments takes about a millisecond, and the sender takes about as many envelopes per
// turn of the event loop. A flush of many segments therefore neither blocks the event loop nor overflows the queue.
const SEGMENTS_PER_TURN = 32;

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/**
 * Calls `run` with each item: the first 32 synchronously, then 32 each time that `betweenTurns` has resolved. Default: in
 * the next turn of the event loop.
 */
export async function inTurns<T>(
  items: Iterable<T>,
  run: (item: T) => void,
  betweenTurns: () => Promise<void> = nextTurn,
): Promise<void> {
  let count = 0;
  for (const item of items) {
    if (count > 0 && count % SEGMENTS_PER_TURN === 0) await betweenTurns();
    count++;
    run(item);
  }
}
