import { setTimeout as delay } from "node:timers/promises";

/** How often something is done, and for how long. */
export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
}

const TURN_MILLIS = 5;

/** Does something at a pace, as often in all as it says: what a busy machine has held up is made up for. */
export async function paced(
  { perSecond, seconds }: Pace,
  run: (index: number) => void,
): Promise<void> {
  const start = performance.now();
  const all = perSecond * seconds;
  let done = 0;
  while (done < all) {
    const due = Math.min(all, ((performance.now() - start) / 1000) * perSecond);
    for (; done < due; done += 1) run(done);
    await delay(TURN_MILLIS);
  }
}
