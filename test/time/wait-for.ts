import { setTimeout as delay } from "node:timers/promises";

// Asking may be dear: a server in another process answers with all that it has seen. What has taken long may wait a little longer.
const POLL_MILLIS = 5;
const MAX_POLL_MILLIS = 50;
const POLL_SHARE = 0.05;

// Only ends a test that has failed already: load must not.
const LIMIT_MILLIS = 20_000;

/** Asks until the answer holds. Rejects at the time-out with the last answer. */
export async function waitFor<T>(
  ask: () => Promise<T> | T,
  { predicate, timeoutMillis }: { predicate: (answer: T) => boolean; timeoutMillis: number },
): Promise<T> {
  const start = performance.now();
  let answer = await ask();
  while (!predicate(answer)) {
    const waited = performance.now() - start;
    if (waited > timeoutMillis)
      throw new Error(`not within ${timeoutMillis} ms: ${JSON.stringify(answer)}`);
    await delay(Math.min(Math.max(waited * POLL_SHARE, POLL_MILLIS), MAX_POLL_MILLIS));
    answer = await ask();
  }
  return answer;
}

/** Waits until it holds; rejects after 20 seconds. */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  await waitFor(holds, { predicate: (answer) => answer, timeoutMillis: LIMIT_MILLIS });
}
