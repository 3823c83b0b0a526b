import type { ClientCore } from "../client/client-core.js";
import type { RegisteredClient } from "../context/global-client.js";
import { BoundedMap } from "../support/collections.js";
import { attempt, inherits } from "../support/foreign.js";

/** A monitored run that has not ended. */
export interface OpenRun {
  /** Ends the run as failed, although its job still runs. Must not throw. */
  giveUp(): void;
  /** Reports the run as failed, because its job will not end any more. Must not throw. */
  abandon(): void;
  /** Called when the run is evicted, to release everything else that refers to it. */
  forgotten?(): void;
}

// Limits the memory of jobs that never settle. Over the limit, the oldest run is evicted, and Sentry reports it as
// timed out.
const MAX_OPEN_RUNS = 1000;

/** The open runs of one client. When the client closes or the process ends, they have failed. */
export class OpenRuns {
  /** True for those that were open when the process had nothing left to do. */
  readonly #runs = new BoundedMap<OpenRun, boolean>(MAX_OPEN_RUNS, (_, run) => run.forgotten?.());

  // Both are called before the client's last flush, so that the final check-ins are sent.
  constructor(client: ClientCore) {
    client.onClosing(() => {
      for (const run of this.#runs.keys()) run.giveUp();
    });
    client.onEnding((mayGoOn) => this.#abandon(mayGoOn));
  }

  /** Remembers a run until `delete`; over the limit, evicts the oldest. */
  add(run: OpenRun): void {
    this.#runs.set(run, false);
  }

  /** Forgets an ended run. */
  delete(run: OpenRun): void {
    this.#runs.delete(run);
  }

  // Another listener of `beforeExit` may end a run, or have begun it. Node emits the event again after the immediate, when it
  // has again nothing to do: a run that is open both times will not end.
  #abandon(mayGoOn: boolean): void {
    let mayEnd = false;
    for (const [run, wasIdle] of this.#runs)
      if (wasIdle || !mayGoOn) run.abandon();
      else {
        this.#runs.set(run, true);
        mayEnd = true;
      }
    if (mayEnd) setImmediate(() => {});
  }
}

/** A client with its open runs. */
export interface CronClient extends RegisteredClient {
  readonly runs: OpenRuns;
}

// Limits the memory of runs that never end, for a signal that lives as long as the process.
const MAX_WAITING = 1000;

// One listener per signal: many runs may share one signal, and Node.js warns of a leak above ten listeners.
const waiting = new WeakMap<AbortSignal, AbortWatch>();

/**
 * Calls `fn` when the signal aborts, or at once if it has already aborted. Returns a function that removes the
 * listener. Never throws.
 */
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
  readonly #waiting = new BoundedMap<() => void, true>(MAX_WAITING);

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(fn: () => void): void {
    if (this.#waiting.size === 0) this.#signal.addEventListener("abort", this.#onAbort);
    this.#waiting.set(fn, true);
  }

  remove(fn: () => void): void {
    this.#waiting.delete(fn);
    if (this.#waiting.size === 0) this.#signal.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    for (const fn of this.#waiting.keys()) fn();
  };
}
