import type { EventEmitter } from "node:events";

/** A client, as far as the end of the process concerns it. */
export interface EndingClient {
  /** Changes whenever something was captured. */
  activity(): number;
  /** Captures what waits for something that will not come any more. */
  captureUnfinished(): void;
  /** Flushes; all flushes at the end of the process have one time-out together. */
  flush(): Promise<boolean>;
  /** Keeps the process alive no more by what is under way. */
  letGo(): void;
  /** Saves what it can without waiting. */
  leave(): void;
}

type EndSignal = "SIGINT" | "SIGTERM";

/** What the hooks need of `process`. */
export interface EndingProcess extends Pick<
  EventEmitter,
  "listeners" | "off" | "on" | "prependListener"
> {
  readonly pid: number;
  kill(pid: number, signal: EndSignal): unknown;
}

// The listeners of all copies of this package: they must not take each other for the application's.
const MARK = Symbol.for("otel-sentry-bridge.signal-listener.v1");

// For an application that captures something each time that it has run out of work.
const MAX_FLUSHES = 10;

const SIGNALS: readonly EndSignal[] = ["SIGTERM", "SIGINT"];

/**
 * Lets clients send what they have before the process ends. One listener for each event serves all
 * clients, and there is none where there is no client.
 */
export class ProcessEnd {
  readonly #process: EndingProcess;
  readonly #clients = new Map<EndingClient, ClientEnd>();
  readonly #signalled = new Set<EndingClient>();
  readonly #flushing = new Set<EndSignal>();

  constructor(target: EndingProcess) {
    this.#process = target;
  }

  /** `onSignals`: the client is flushed at SIGTERM and SIGINT, too. */
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

  // First in line: a listener of the application's that is called once has gone after its turn.
  #listenToSignals(): void {
    for (const name of SIGNALS) this.#process.prependListener(name, this.#onSignal);
  }

  #ignoreSignals(): void {
    for (const name of SIGNALS) this.#process.off(name, this.#onSignal);
  }

  // The event comes again when the flush is over. A client that could not get rid of all that it has
  // is not asked a second time: it would keep the process for ever.
  readonly #onBeforeExit = (): void => {
    for (const [client, end] of this.#clients) {
      client.captureUnfinished();
      const activity = client.activity();
      if (activity === end.flushedActivity) continue;
      end.flushedActivity = activity;
      end.flushes += 1;
      if (end.flushes > MAX_FLUSHES) client.letGo();
      else void this.#flushThenLetGo(client);
    }
  };

  async #flushThenLetGo(client: EndingClient): Promise<void> {
    if (!(await client.flush())) client.letGo();
  }

  readonly #onExit = (): void => {
    for (const client of this.#clients.keys()) client.leave();
  };

  readonly #onSignal = Object.assign(
    (signal: EndSignal): void => {
      // Who asks twice does not want to wait.
      if (this.#flushing.has(signal)) return this.#raise(signal);
      // Where the application has listeners of its own, the end of the process is its business.
      const isOurs = this.#listenersOf(signal).every((listener) => MARK in listener);
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

  // Where the process runs out of work after that, only what was captured since is waited for again.
  #flushOnce(client: EndingClient): Promise<boolean> {
    const end = this.#clients.get(client);
    if (end !== undefined) end.flushedActivity = client.activity();
    return client.flush();
  }

  // Without a listener the signal does what it does without us: the exit code tells of it.
  #raise(signal: EndSignal): void {
    this.#ignoreSignals();
    // The application's, or another copy's that is not done yet: that one raises it.
    if (this.#listenersOf(signal).length > 0) return;
    // A process that a signal ends has no `exit` event.
    this.#onExit();
    this.#process.kill(this.#process.pid, signal);
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
