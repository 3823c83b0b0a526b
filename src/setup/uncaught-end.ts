import { inspect } from "node:util";

import { attempt } from "../support/foreign.js";
import { excerptOf } from "./uncaught-excerpt.js";
import { isMarked, marked, rejectionMode } from "./uncaught-process.js";
import type { UncaughtProcess } from "./uncaught-process.js";

/** What is waited for before the process ends. */
export interface LastFlush {
  /** Resolves when everything is sent, or after the time that it may take. Never rejects. */
  readonly flush: () => Promise<unknown>;
  /** After that the process ends whatever `flush` does. */
  readonly limitMillis: number;
}

const EVENT = "uncaughtException";

// Whoever listens to these has seen the error.
const SEEN = [EVENT, "uncaughtExceptionMonitor", "unhandledRejection"];

/** The end of a process by an error, held up for a last flush: it ends by the same error after that. */
export class UncaughtEnd {
  readonly #process: UncaughtProcess;
  #error: unknown;
  #limit: NodeJS.Timeout | undefined;

  constructor(target: UncaughtProcess) {
    this.#process = target;
  }

  /** Whether the process is about to end. */
  get isNear(): boolean {
    return this.#limit !== undefined;
  }

  /** Keeps the process, to be called while Node asks whether somebody handles the error. */
  holdUp(thrown: unknown, { flush, limitMillis }: LastFlush): void {
    this.#error = thrown;
    this.#process.on(EVENT, this.#onError);
    // Or Node would warn of what has ended the process.
    if (rejectionMode(this.#process) === "strict")
      this.#process.on("unhandledRejection", this.#onError);
    // It also keeps the event loop running, whatever the flush waits for. Sockets are read once more before the limit
    // applies: after a blocked event loop the flush's own time-out and this one are due in the same turn.
    this.#limit = setTimeout(() => setImmediate(() => this.#resume()), limitMillis);
    void flush().then(() => this.#resume());
  }

  // Another error before the end does not change it.
  readonly #onError = marked((): void => {});

  #resume(): void {
    if (this.#limit === undefined) return;
    clearTimeout(this.#limit);
    this.#limit = undefined;
    for (const name of [EVENT, "unhandledRejection"]) this.#process.off(name, this.#onError);
    // Another copy of this package is not done yet: that one ends the process.
    if (this.#process.listeners(EVENT).some(isMarked)) return;
    // Outside of whatever this was called from, and whatever the rest of this does.
    setImmediate(() => throwPlainly(this.#error));
    this.#leaveToNode();
  }

  // These run foreign code, or refuse while a `domain` is in use.
  #leaveToNode(): void {
    for (const name of SEEN) attempt(() => this.#process.removeAllListeners(name), undefined);
    attempt(() => this.#process.setUncaughtExceptionCaptureCallback(null), undefined);
    this.#write(excerptOf(this.#error));
  }

  // A worker's error is shown by the thread that started it, if at all.
  #write(text: string): void {
    attempt(() => {
      // Not imported: only a process that is about to end needs it.
      const { isMainThread } = process.getBuiltinModule("node:worker_threads");
      if (isMainThread) this.#process.stderr.write(text);
    }, undefined);
  }

  /** The application ends the process meanwhile. It has failed all the same, and nobody would know why. */
  tellAtExit(): void {
    this.#process.exitCode = 1;
    const text = attempt(() => inspect(this.#error), "an error that cannot be shown");
    this.#write(`${excerptOf(this.#error)}${text}\n\nNode.js ${this.#process.version}\n`);
  }
}

// Node shows no source of a line that has these words: it would be the one below.
function throwPlainly(error: unknown): never {
  throw { "node-do-not-add-exception-line": error }["node-do-not-add-exception-line"];
}
