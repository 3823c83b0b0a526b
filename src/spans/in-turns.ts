// Building the transactions of so many segments, or of so many spans, takes about a millisecond. Counted instead of timed,
// so that it does not depend on the machine which segments a flush has reached before it first waits.
const SEGMENTS_PER_TURN = 32;
const SPANS_PER_TURN = 500;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/**
 * Calls `run` with each item, and waits for the next turn of the event loop after 32 items, or when they have sent 500
 * spans: `run` returns how many it has. The first turn is synchronous.
 */
export async function inTurns<T>(items: Iterable<T>, run: (item: T) => number): Promise<void> {
  let segments = 0;
  let spans = 0;
  for (const item of items) {
    spans += run(item);
    segments += 1;
    if (segments < SEGMENTS_PER_TURN && spans < SPANS_PER_TURN) continue;
    await nextTurn();
    segments = 0;
    spans = 0;
  }
}
