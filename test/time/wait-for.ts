import { setTimeout as delay } from "node:timers/promises";

const POLL_MILLIS = 5;

// Only ends a test that has failed already: load must not.
const LIMIT_MILLIS = 20_000;

/** Asks until the answer holds. Rejects at the time-out with the last answer. */
export async function waitFor<T>(
  ask: () => Promise<T> | T,
  { predicate, timeoutMillis }: { predicate: (answer: T) => boolean; timeoutMillis: number },
): Promise<T> {
  const end = performance.now() + timeoutMillis;
  let answer = await ask();
  while (!predicate(answer)) {
    if (performance.now() > end)
      throw new Error(`not within ${timeoutMillis} ms: ${JSON.stringify(answer)}`);
    await delay(POLL_MILLIS);
    answer = await ask();
  }
  return answer;
}

/** Waits until it holds; rejects after 20 seconds. */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  await waitFor(holds, { predicate: (answer) => answer, timeoutMillis: LIMIT_MILLIS });
}
