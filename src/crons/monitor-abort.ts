import { attempt, inherits } from "../support/foreign.js";

// Runs that never end must not be held for ever by the signal of the process.
const MAX_WAITING = 1000;

// One listener per signal: many runs may wait for the end of the same process, and Node.js takes many
// listeners for a leak.
const waiting = new WeakMap<AbortSignal, AbortWatch>();

/** Calls `fn` when the signal aborts, at once if it has. Returns what takes that back. Never throws. */
export function onAbort(signal: unknown, fn: () => void): () => void {
  return attempt(() => watchAbort(signal, fn), ignore);
}

function watchAbort(signal: unknown, fn: () => void): () => void {
  if (!isAbortSignal(signal)) return ignore;
  if (signal.aborted) {
    fn();
    return ignore;
  }
  const watch = waiting.get(signal) ?? new AbortWatch(signal);
  waiting.set(signal, watch);
  watch.add(fn);
  return () => watch.remove(fn);
}

function isAbortSignal(value: unknown): value is AbortSignal {
  return inherits(value, AbortSignal.prototype);
}

function ignore(): void {}

class AbortWatch {
  readonly #signal: AbortSignal;
  readonly #waiting = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(fn: () => void): void {
    if (this.#waiting.size === 0) this.#signal.addEventListener("abort", this.#tell);
    this.#waiting.add(fn);
    if (this.#waiting.size <= MAX_WAITING) return;
    for (const oldest of this.#waiting) return this.remove(oldest);
  }

  remove(fn: () => void): void {
    this.#waiting.delete(fn);
    if (this.#waiting.size === 0) this.#signal.removeEventListener("abort", this.#tell);
  }

  readonly #tell = (): void => {
    for (const fn of this.#waiting) fn();
  };
}
