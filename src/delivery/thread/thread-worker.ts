import type * as nodeThreads from "node:worker_threads";
import type { MessagePort, Worker } from "node:worker_threads";

import { errorCode } from "../../support/foreign.js";
import { systemTimers, within } from "../../support/time.js";
import type { Timers } from "../../support/time.js";
import type { SendingWorkerData } from "./sending-worker.js";
import { threadFile } from "./thread-file.js";
import { SIGNALS } from "./thread-messages.js";
import type { ThreadReply, ThreadRequest, ThreadSettings } from "./thread-messages.js";

/** How to start a sender thread, and what to call. */
interface ThreadWorkerSettings {
  readonly settings: ThreadSettings;
  /** The environment variables of the thread. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onReply: (reply: ThreadReply) => void;
  /** Called when the thread has ended, or could not be started; once. */
  readonly onEnd: (error: Error | undefined) => void;
}

// How long the end of the process waits for the sender thread, which answers within a millisecond unless the machine is
// overloaded. Without an answer, envelopes that the server has may be sent again.
const EXIT_MILLIS = 200;

// How long the application's thread waits for the end of the sender thread, before it sends in its place.
const END_MILLIS = 1000;

/** The sender thread, as the application's thread sees it. It does not keep the process alive. */
export class ThreadWorker {
  readonly post: (request: ThreadRequest) => void;
  readonly #settings: ThreadWorkerSettings;
  readonly #port: MessagePort;
  readonly #worker: Worker;
  readonly #signals = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  #error: Error | undefined;
  #hasEnded = false;

  /** Starts the thread. Throws if Node does not permit it, or if the settings cannot be cloned. */
  constructor(settings: ThreadWorkerSettings) {
    this.#settings = settings;
    const { port1, port2 } = new (threads().MessageChannel)();
    this.#port = port1;
    this.post = (request) => {
      try {
        port1.postMessage(request);
      } catch (error) {
        // Node has no memory for the copy.
        void this.kill(error as Error);
      }
    };
    try {
      this.#worker = startWorker(settings, {
        port: port2,
        settings: settings.settings,
        signals: this.#signals,
      });
    } catch (error) {
      port1.close();
      throw error;
    }
    this.#worker.unref();
    this.#worker.on("error", (error: Error) => (this.#error = error));
    this.#worker.on("exit", () => this.#ended());
    port1.on("message", (reply: ThreadReply) => settings.onReply(reply));
    port1.unref();
  }

  /** True once the thread runs its program. */
  get hasStarted(): boolean {
    return Atomics.load(this.#signals, SIGNALS.started) === 1;
  }

  /** Stops sending and takes all results, at the end of the process. */
  atExit(): void {
    this.post({ kind: "exit" });
    Atomics.wait(this.#signals, SIGNALS.exited, 0, EXIT_MILLIS);
    this.receive();
  }

  /** Takes the messages that have arrived, without waiting for the event loop. */
  receive(): void {
    for (;;) {
      const received: { message: ThreadReply } | undefined = threads().receiveMessageOnPort(
        this.#port,
      );
      if (received === undefined) return;
      this.#settings.onReply(received.message);
    }
  }

  /** Ends the thread, whatever it does, and then calls `onEnd` with the error. */
  async kill(error: Error): Promise<void> {
    this.#error ??= error;
    await within(systemTimers, END_MILLIS, this.#worker.terminate());
    this.#ended();
  }

  // What the thread has reported before its end is still in the port.
  #ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.receive();
    this.#port.close();
    this.#settings.onEnd(this.#error);
  }
}

// Loaded at the first use, so that an application without a sender thread does not load it.
function threads(): typeof nodeThreads {
  return process.getBuiltinModule("node:worker_threads");
}

// Without the flags and variables of the process: a set-up of OpenTelemetry that is preloaded there (`--import`,
// `NODE_OPTIONS`) must not run in the thread. Its output is not connected, because it writes none.
function startWorker({ environment }: ThreadWorkerSettings, workerData: SendingWorkerData): Worker {
  return new (threads().Worker)(threadFile(), {
    name: "otel-sentry-bridge",
    workerData,
    transferList: [workerData.port],
    execArgv: [],
    // By default, the thread's heap grows by 35 MB more.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
    env: environment,
    stdout: true,
    stderr: true,
  });
}

/** Dependencies of `ThreadWatch`. */
interface ThreadWatchSettings {
  readonly timers: Timers;
  /** Tells whether a reply is expected. */
  readonly isWaiting: () => boolean;
  /** Asks for a reply. */
  readonly ask: () => void;
  readonly onSilence: (millis: number) => void;
}

// Three times the longest pause that was seen on a loaded machine.
const SILENT_MILLIS = 15_000;
const LOOKS = 3;

/** Detects a sender thread that does not respond. */
export class ThreadWatch {
  readonly #settings: ThreadWatchSettings;
  #silentLooks = 0;
  #cancel: (() => void) | undefined;

  constructor(settings: ThreadWatchSettings) {
    this.#settings = settings;
  }

  /** Starts to watch, until no reply is expected. */
  start(): void {
    this.#cancel ??= this.#settings.timers.inBackground(SILENT_MILLIS / LOOKS, () => this.#look());
  }

  /** Notes a message of the thread. */
  heard(): void {
    this.#silentLooks = 0;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  // The reply may have arrived while this thread was blocked: it is handled after the timers of this turn. Then the
  // thread has another third of the time.
  #look(): void {
    this.#cancel = undefined;
    const { isWaiting, ask, onSilence } = this.#settings;
    if (!isWaiting()) {
      this.#silentLooks = 0;
      return;
    }
    this.#silentLooks += 1;
    if (this.#silentLooks > LOOKS) return onSilence(SILENT_MILLIS);
    ask();
    this.start();
  }
}

const INSTEAD = "envelopes are sent by the application's thread instead";

const NO_FILE =
  "its file was not found, probably because a bundler has included otel-sentry-bridge in the application. Exclude the package from the bundle (esbuild: `--external:otel-sentry-bridge`; Next.js: `serverExternalPackages`), or remove `transport.thread`";

const START_FAULTS: Readonly<Record<string, string>> = {
  ERR_ACCESS_DENIED:
    "Node's permission model forbids it. Start the process with `--allow-worker`, or remove `transport.thread`",
  MODULE_NOT_FOUND: NO_FILE,
};

/** Returns the message for a sender thread that could not be started. */
export function startFault(error: unknown): string {
  // `threadFile` fails so in a bundle that is an ES module.
  const hint = error instanceof ReferenceError ? NO_FILE : START_FAULTS[errorCode(error) ?? ""];
  const reason = error instanceof Error ? error.message : "it ended without an error";
  return `the sender thread could not be started: ${hint ?? reason}; ${INSTEAD}`;
}

/** Returns the message for a sender thread that ended unexpectedly. */
export function endFault(error: Error | undefined): string {
  const reason = error === undefined ? "without an error" : `with: ${error.message}`;
  return `the sender thread ended unexpectedly, ${reason}; ${INSTEAD} from now on. Envelopes whose outcome was unknown are sent again; Sentry recognizes their event ids`;
}

/** The error of a sender thread that does not respond. */
export function silenceError(millis: number): Error {
  return new Error(`it did not respond for ${millis / 1000} s`);
}
