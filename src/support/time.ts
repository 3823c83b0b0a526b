/**
 * Milliseconds since the epoch by a clock that only goes forward: what an operator or a time service
 * does to the wall clock neither ends a limit early nor makes it last an hour longer.
 */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Runs once after a time, and does not keep the process alive; returns a function that cancels it. */
export type SetTimer = (run: () => void, millis: number) => () => void;

/** How the sender waits; a parameter, so that tests need no sleeping. */
export interface Timers {
  /** Runs once after a time, and keeps the process alive until then; returns what cancels it. */
  after(delayMillis: number, run: () => void): () => void;
  /** The same, but the process may end before. */
  inBackground(delayMillis: number, run: () => void): () => void;
  /** Runs once the current turn of the event loop has been worked off. */
  soon(run: () => void): void;
}

// What `setTimeout` takes; a longer delay would fire at once.
const MAX_DELAY_MILLIS = 2 ** 31 - 1;

/** The timers of the process. */
export const systemTimers: Timers = {
  after(delayMillis, run) {
    const timer = setTimeout(run, Math.min(delayMillis, MAX_DELAY_MILLIS));
    return () => clearTimeout(timer);
  },
  inBackground(delayMillis, run) {
    const timer = setTimeout(run, Math.min(delayMillis, MAX_DELAY_MILLIS)).unref();
    return () => clearTimeout(timer);
  },
  soon(run) {
    setImmediate(run);
  },
};

/** Starts a timer as `Timers.after` does. */
export type StartTimer = Pick<Timers, "after">;

/**
 * Waits for a promise, for so many milliseconds at most. Resolves to true where it was settled in time, to false at the
 * time-out; rejects where the promise does. What has settled already is in time, also with 0 milliseconds.
 */
export async function within(
  timers: StartTimer,
  millis: number,
  pending: Promise<unknown> | undefined,
): Promise<boolean> {
  if (pending === undefined) return true;
  let cancel: (() => void) | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    cancel = timers.after(Math.max(0, millis), () => resolve(false));
  });
  return Promise.race([pending.then(() => true), timeout]).finally(() => cancel?.());
}
