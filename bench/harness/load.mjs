// How requests come, as fast as they can be served or at a pace, and when all has been sent.
import { setTimeout as sleep } from "node:timers/promises";

const CONCURRENCY = 20;

/** Runs the requests, 20 at a time. */
export async function saturated(next, requests) {
  let left = requests;
  const lane = async () => {
    while (left-- > 0) await next();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
}

/** Begins the requests at a steady rate, whether or not earlier ones have ended. */
export async function paced(next, requests, perSecond) {
  const start = performance.now();
  const running = [];
  while (running.length < requests) {
    const due = Math.min(requests, ((performance.now() - start) * perSecond) / 1000);
    while (running.length < due) running.push(next());
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running);
}

/** Waits until nothing of a category, as `stats()` names it, is queued. */
export async function delivered(client, category) {
  while (client.stats()[category].queued > 0) await sleep(5);
}
