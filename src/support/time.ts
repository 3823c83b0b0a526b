/**
 * Returns milliseconds since 1970 on a monotonic clock. Use it for deadlines and intervals: a change of the wall clock
 * then neither shortens nor prolongs them.
 */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Starts a timer that calls a function once after a delay. Returns a function that cancels the timer. */
export type StartTimer = (delayMillis: number, run: () => void) => () => void;

/** Timers of the process, as an interface so that tests can control time. */
export interface Timers {
  /** Keeps the process alive until the timer fires. */
  readonly after: StartTimer;
  /** Does not keep the process alive. */
  readonly inBackground: StartTimer;
  /** Runs a function in the next turn of the event loop, as `setImmediate` does. */
  soon(run: () => void): void;
}

// The longest delay that `setTimeout` supports; with a longer one it would fire at once.
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

/**
 * Waits for a promise, at most `millis` milliseconds. Resolves to true if it is fulfilled in time, to false at the
 * time-out; rejects if the promise rejects in time. A promise that has already settled is in time even with 0.
 */
export async function within(
  timers: Pick<Timers, "after">,
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
