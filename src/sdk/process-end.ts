import type { EventEmitter } from "node:events";

/** A client, as far as the end of the process concerns it. */
export interface EndingClient {
  /** Changes whenever something was captured. */
  activity(): number;
  flush(): Promise<boolean>;
  /** Saves what it can without waiting. */
  leave(): void;
}

type EndSignal = "SIGINT" | "SIGTERM";

/** What the hooks need of `process`. */
export interface EndingProcess extends Pick<EventEmitter, "listenerCount" | "off" | "on"> {
  readonly pid: number;
  kill(pid: number, signal: EndSignal): unknown;
}

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
    this.#clients.set(client, { flushedActivity: -1 });
    if (!onSignals) return;
    if (this.#signalled.size === 0)
      for (const name of SIGNALS) this.#process.on(name, this.#onSignal);
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

  #ignoreSignals(): void {
    for (const name of SIGNALS) this.#process.off(name, this.#onSignal);
  }

  // The event comes again when the flush is over. A client that could not get rid of all that it has
  // is not asked a second time: it would keep the process for ever.
  readonly #onBeforeExit = (): void => {
    for (const [client, end] of this.#clients) {
      const activity = client.activity();
      if (activity === end.flushedActivity) continue;
      end.flushedActivity = activity;
      void client.flush();
    }
  };

  readonly #onExit = (): void => {
    for (const client of this.#clients.keys()) client.leave();
  };

  readonly #onSignal = (signal: EndSignal): void => {
    // Who asks twice does not want to wait.
    if (this.#flushing.has(signal)) return this.#raise(signal);
    this.#flushing.add(signal);
    void this.#flushThenRaise(signal);
  };

  async #flushThenRaise(signal: EndSignal): Promise<void> {
    await Promise.allSettled([...this.#signalled].map((client) => client.flush()));
    this.#raise(signal);
    this.#flushing.delete(signal);
  }

  // Without a listener the signal does what it does without us: the exit code tells of it. Where the
  // application has listeners of its own, the end of the process is its business.
  #raise(signal: EndSignal): void {
    if (this.#process.listenerCount(signal) > 1) return;
    this.#ignoreSignals();
    // A process that a signal ends has no `exit` event.
    this.#onExit();
    this.#process.kill(this.#process.pid, signal);
  }
}

interface ClientEnd {
  flushedActivity: number;
}
