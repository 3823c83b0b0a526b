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

/** A promise that resolves after a time, unless it is cancelled. */
export interface Deadline {
  readonly passed: Promise<void>;
  cancel(): void;
}

/** Starts a deadline. */
export function deadline(timers: Timers, delayMillis: number): Deadline {
  let cancel: (() => void) | undefined;
  const passed = new Promise<void>((resolve) => {
    cancel = timers.after(delayMillis, resolve);
  });
  return { passed, cancel: () => cancel?.() };
}

/** Waits for a promise, for so many milliseconds at most. Rejects where the promise does. */
export async function within(
  timers: Timers,
  millis: number,
  pending: Promise<unknown> | undefined,
): Promise<void> {
  if (pending === undefined || millis <= 0) return;
  const limit = deadline(timers, millis);
  await Promise.race([pending, limit.passed]).finally(() => limit.cancel());
}
