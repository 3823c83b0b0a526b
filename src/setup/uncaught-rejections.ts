import { isListenedTo, isMarked, marked, rejectionMode } from "./uncaught-process.js";
import type { UncaughtProcess } from "./uncaught-process.js";

const EVENT = "unhandledRejection";

/**
 * Sees the rejections that do not end the process and are no uncaught exceptions: those that a listener
 * of the application's handles, and all where Node only warns of them. A listener of its own decides
 * the fate of a rejection; there is one only while it changes nothing.
 */
export class UncaughtRejections {
  readonly #process: UncaughtProcess;
  readonly #onRejection: (reason: unknown) => void;
  #isListening = false;

  constructor(target: UncaughtProcess, onRejection: (reason: unknown) => void) {
    this.#process = target;
    this.#onRejection = marked((reason: unknown) => onRejection(reason));
  }

  start(): void {
    const mode = rejectionMode(this.#process);
    // Then each of them is an uncaught exception first.
    if (mode === "strict") return;
    if (mode === "warn" || mode === "none") return this.#listen();
    this.#process.on("newListener", this.#onNewListener);
    this.#process.on("removeListener", this.#onRemoveListener);
    if (isListenedTo(this.#process, EVENT)) this.#listen();
  }

  stop(): void {
    this.#process.off("newListener", this.#onNewListener);
    this.#process.off("removeListener", this.#onRemoveListener);
    this.#ignore();
  }

  // First in line: the application's listener may end the process.
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#process.prependListener(EVENT, this.#onRejection);
  }

  #ignore(): void {
    this.#isListening = false;
    this.#process.off(EVENT, this.#onRejection);
  }

  // Called before the listener is added.
  readonly #onNewListener = marked((name: unknown, listener: unknown): void => {
    if (name === EVENT && !isMarked(listener)) this.#listen();
  });

  // Called after the listener was removed.
  readonly #onRemoveListener = marked((name: unknown): void => {
    if (name === EVENT && !isListenedTo(this.#process, EVENT)) this.#ignore();
  });
}
