// Half a millisecond leaves time for the sender, which takes as much in the same turn of the event loop, and for a
// collection of the young generation.
const TURN_MILLIS = 0.5;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/**
 * Calls `run` with each item, for half a millisecond per turn of the event loop, but at least once. The first turn is
 * synchronous. `now` returns milliseconds.
 */
export async function inTurns<T>(
  items: Iterable<T>,
  run: (item: T) => void,
  now: () => number = monotonicMillis,
): Promise<void> {
  let start = now();
  for (const item of items) {
    run(item);
    if (now() - start < TURN_MILLIS) continue;
    await nextTurn();
    start = now();
  }
}

function monotonicMillis(): number {
  return performance.now();
}
