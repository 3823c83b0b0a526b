// What is built of this many segments takes about a millisecond, and about as many envelopes leave
// in a turn: a flush of very many blocks neither the event loop nor overflows the queue.
const SEGMENTS_PER_TURN = 32;

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Does something with each item; the first ones at once, the others a few per turn of the event loop. */
export async function inTurns<T>(items: Iterable<T>, run: (item: T) => void): Promise<void> {
  let count = 0;
  for (const item of items) {
    if (count > 0 && count % SEGMENTS_PER_TURN === 0) await nextTurn();
    count++;
    run(item);
  }
}
