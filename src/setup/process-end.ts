import type { EventEmitter } from "node:events";

import { propertyOf } from "../support/foreign.js";

/** The part of a client that is used at the end of the process. */
export interface EndingClient {
  /** Returns a number that changes with each capture. */
  activity(): number;
  /** Captures everything that waits for an event that will not occur any more, such as the end of a root span. */
  captureUnfinished(mayGoOn?: boolean): void;
  /** Flushes. All flushes at the end of the process share one time-out. */
  flush(): Promise<boolean>;
  /** Lets the process end even if requests are in flight. */
  unref(): void;
  /** Saves unsent envelopes synchronously, as far as possible. */
  atExit(): void;
}

type EndSignal = "SIGINT" | "SIGTERM";

/** The fields of `process` that are used here. */
interface EndingProcess extends Pick<EventEmitter, "listeners" | "off" | "on" | "prependListener"> {
  readonly pid: number;
  kill(pid: number, signal: EndSignal): unknown;
}

// Marks the listeners of all copies of this package, which must not count as listeners of the application.
const MARK = Symbol.for("otel-sentry-bridge.signal-listener.v1");

// Where the package signal-exit, versions 4 and 3, keeps how many copies of it listen to each signal.
const SIGNAL_EXIT = [
  [globalThis, Symbol.for("signal-exit emitter")],
  [process, "__signal_exit_emitter__"],
] as const;

// Limits the flushes for an application that captures something at each `beforeExit`.
const MAX_FLUSHES = 10;

const SIGNALS: readonly EndSignal[] = ["SIGTERM", "SIGINT"];

/**
 * Flushes clients before the process ends: at `beforeExit`, at `exit` (which only saves), and at SIGTERM and SIGINT.
 * One listener per event serves all clients; without a client there is none.
 */
export class ProcessEnd {
  readonly #process: EndingProcess;
  readonly #clients = new Map<EndingClient, ClientEnd>();
  readonly #signalled = new Set<EndingClient>();
  readonly #flushing = new Set<EndSignal>();

  constructor(target: EndingProcess) {
    this.#process = target;
  }

  /** `onSignals`: also flush the client at SIGTERM and SIGINT. */
  add(client: EndingClient, onSignals: boolean): void {
    if (this.#clients.size === 0) this.#listen();
    this.#clients.set(client, { flushedActivity: -1, flushes: 0 });
    if (!onSignals) return;
    if (this.#signalled.size === 0) this.#listenToSignals();
    this.#signalled.add(client);
  }

  remove(client: EndingClient): void {
    if (!this.#clients.delete(client)) return;
    this.#signalled.delete(client);
    if (this.#signalled.size === 0) this.#ignoreSignals();
    if (this.#clients.size > 0) return;
    this.#process.off("beforeExit", this.#onBeforeExit);
    this.#process.off("exit", this.#onExit);
  }

  #listen(): void {
    this.#process.on("beforeExit", this.#onBeforeExit);
    this.#process.on("exit", this.#onExit);
  }

  // Added before all others, because a `once` listener of the application is removed when it runs and would then not be
  // counted below.
  #listenToSignals(): void {
    for (const name of SIGNALS) this.#process.prependListener(name, this.#onSignal);
  }

  #ignoreSignals(): void {
    for (const name of SIGNALS) this.#process.off(name, this.#onSignal);
  }

  // After all other listeners of this event, which may capture something and keep nothing alive.
  readonly #onBeforeExit = (): void => process.nextTick(() => this.#flushNew());

  // Node emits `beforeExit` again after the flush. A client without new captures is not flushed again, because an
  // unreachable server would keep the process alive forever.
  #flushNew(): void {
    for (const [client, end] of this.#clients) {
      client.captureUnfinished(true);
      const activity = client.activity();
      if (activity === end.flushedActivity) continue;
      end.flushedActivity = activity;
      end.flushes += 1;
      if (end.flushes > MAX_FLUSHES) client.unref();
      else void this.#flushThenUnref(client);
    }
  }

  async #flushThenUnref(client: EndingClient): Promise<void> {
    if (!(await client.flush())) client.unref();
  }

  readonly #onExit = (): void => {
    for (const client of this.#clients.keys()) client.atExit();
  };

  readonly #onSignal = Object.assign(
    (signal: EndSignal): void => {
      // A second signal ends the process at once.
      if (this.#flushing.has(signal)) return this.#raise(signal);
      // If the application has listeners of its own, the application decides when the process ends.
      const isOurs = !this.#hasOthers(signal);
      this.#flushing.add(signal);
      if (isOurs) for (const client of this.#signalled) client.captureUnfinished();
      void this.#flushFor(signal, isOurs);
    },
    { [MARK]: true },
  );

  async #flushFor(signal: EndSignal, isOurs: boolean): Promise<void> {
    await Promise.allSettled([...this.#signalled].map((client) => this.#flushOnce(client)));
    this.#flushing.delete(signal);
    if (isOurs) this.#raise(signal);
  }

  // Stores the activity count, so that a later `beforeExit` flushes only if something was captured since.
  #flushOnce(client: EndingClient): Promise<boolean> {
    const end = this.#clients.get(client);
    if (end !== undefined) end.flushedActivity = client.activity();
    return client.flush();
  }

  // Without this listener the signal has its default effect, so that the exit code is right.
  #raise(signal: EndSignal): void {
    this.#ignoreSignals();
    // The application decides when the process ends.
    if (this.#hasOthers(signal)) return;
    // Node emits no `exit` event for a process that a signal ends.
    this.#onExit();
    // Another copy is still flushing, or the doctor reports, and will raise the signal later.
    if (this.#listenersOf(signal).some((listener) => MARK in listener)) return;
    this.#process.kill(this.#process.pid, signal);
  }

  // The listener of signal-exit, which many packages use to clean up, does nothing while there are others, and ends the
  // process when there are none. If both waited for each other, no signal would end the process.
  #hasOthers(signal: EndSignal): boolean {
    const others = this.#listenersOf(signal).filter((listener) => !(MARK in listener));
    let waiting = 0;
    for (const [holder, key] of SIGNAL_EXIT) {
      const count = propertyOf(propertyOf(holder, key), "count");
      if (typeof count === "number") waiting += count;
    }
    return others.length > waiting;
  }

  // oxlint-disable-next-line typescript/no-unsafe-function-type -- as Node types them
  #listenersOf(signal: EndSignal): Function[] {
    return this.#process.listeners(signal);
  }
}

interface ClientEnd {
  flushedActivity: number;
  flushes: number;
}
