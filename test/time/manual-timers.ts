import type { Timers } from "../../src/support/time.js";

/** Timers that run when the test says so. */
export interface ManualTimers extends Timers {
  /** Lets the turn of the event loop end, and all promises settle. */
  turn(): Promise<void>;
  /** Moves the clock from timer to timer, and runs each at its time. */
  pass(millis: number): void;
  /** Moves the clock at once, as a busy process sees it, runs what is due, and lets the turn end. */
  advance(millis: number): Promise<void>;
  /** Milliseconds that the clock was moved by. */
  now(): number;
  /** Timers that are not due yet. */
  readonly pending: number;
}

export function manualTimers(): ManualTimers {
  let now = 0;
  let soon: (() => void)[] = [];
  const waiting = new Map<symbol, { at: number; run: () => void }>();

  const turn = async (): Promise<void> => {
    await settled();
    const due = soon;
    soon = [];
    for (const run of due) run();
    await settled();
  };

  const after: Timers["after"] = (delayMillis, run) => {
    const key = Symbol("timer");
    waiting.set(key, { at: now + delayMillis, run });
    return () => void waiting.delete(key);
  };

  const pass = (millis: number): void => {
    const until = now + millis;
    for (;;) {
      const [first] = [...waiting].toSorted(([, a], [, b]) => a.at - b.at);
      if (first === undefined || first[1].at > until) break;
      const [key, { at, run }] = first;
      waiting.delete(key);
      now = Math.max(now, at);
      run();
    }
    now = until;
  };

  return {
    after,
    inBackground: after,
    pass,
    soon(run) {
      soon.push(run);
    },
    turn,
    now: () => now,
    async advance(millis) {
      now += millis;
      for (const [key, { at, run }] of waiting) {
        if (at > now) continue;
        waiting.delete(key);
        run();
      }
      await turn();
    },
    get pending() {
      return waiting.size;
    },
  };
}

// All promise reactions run before the check phase of the event loop.
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
