import type { EventEmitter } from "node:events";
import { inspect } from "node:util";

import { attempt } from "../support/foreign.js";

/** The last flush before the process ends. */
interface LastFlush {
  /** Resolves when everything is sent, or at its time-out. Never rejects. */
  readonly flush: () => Promise<unknown>;
  /** The process ends after this time, even if `flush` is pending. */
  readonly limitMillis: number;
}

const EVENT = "uncaughtException";

/** Delays the end of a process that an error ends, for a last flush. The process then ends with the same error. */
export class UncaughtEnd {
  readonly #process: UncaughtProcess;
  #error: unknown;
  #limit: NodeJS.Timeout | undefined;

  constructor(target: UncaughtProcess) {
    this.#process = target;
  }

  /** True while the process waits for the last flush. */
  get isNear(): boolean {
    return this.#limit !== undefined;
  }

  /** Keeps the process alive. Call it from `uncaughtExceptionMonitor`, before Node looks for listeners. */
  holdUp(thrown: unknown, { flush, limitMillis }: LastFlush): void {
    this.#error = thrown;
    this.#process.on(EVENT, this.#onError);
    // Otherwise Node would also print a warning about the rejection.
    if (rejectionMode(this.#process) === "strict")
      this.#process.on("unhandledRejection", this.#onError);
    // The timer also keeps the event loop alive. `setImmediate` reads sockets once more before the limit applies: after a
    // blocked event loop, the time-out of the flush and this one are due in the same turn.
    this.#limit = setTimeout(() => setImmediate(() => this.#resume()), limitMillis);
    void flush().then(() => this.#resume());
  }

  // A further error must not end the process early.
  readonly #onError = marked((): void => {});

  #resume(): void {
    if (this.#limit === undefined) return;
    clearTimeout(this.#limit);
    this.#limit = undefined;
    for (const name of [EVENT, "unhandledRejection"]) this.#process.off(name, this.#onError);
    // Another copy of this package is still flushing and ends the process later.
    if (this.#process.listeners(EVENT).some(isMarked)) return;
    // Thrown in a turn of its own, so that no caller can catch the error.
    setImmediate(() => throwPlainly(this.#error));
    // The application has added a listener in the meantime, which receives the error.
    if (survivesErrors(this.#process)) return;
    // These listeners have already seen the error. `removeListener` listeners are foreign code, which may throw.
    attempt(() => this.#process.removeAllListeners("uncaughtExceptionMonitor"), undefined);
  }

  /** Sets the exit code and prints the error if the application ends the process during the flush. */
  printAtExit(): void {
    this.#process.exitCode = 1;
    const text = attempt(() => inspect(this.#error), "an error that cannot be shown");
    const { stderr, version } = this.#process;
    attempt(() => stderr.write(`${text}\n\nNode.js ${version}\n`), undefined);
  }
}

// Node would print the line that throws as the source of the error, but it prints no line that contains these words.
function throwPlainly(error: unknown): never {
  throw { "node-do-not-add-exception-line": error }["node-do-not-add-exception-line"];
}

/** The fields of `process` that are used for uncaught errors. */
export interface UncaughtProcess extends Pick<
  EventEmitter,
  "listeners" | "off" | "on" | "prependListener" | "removeAllListeners"
> {
  readonly execArgv: readonly string[];
  readonly stderr: { write(text: string): unknown };
  readonly version: string;
  exitCode?: number | string | null | undefined;
  hasUncaughtExceptionCaptureCallback(): boolean;
}

// Marks the listeners of all copies of this package, which must not count as listeners of the application.
const MARK: unique symbol = Symbol.for("otel-sentry-bridge.uncaught-listener.v1");

/** Marks a listener as one of this package. */
export function marked<Listener extends (...args: never[]) => void>(listener: Listener): Listener {
  return Object.assign(listener, { [MARK]: true });
}

/** Tells whether a listener belongs to this package, including other copies of it. */
export function isMarked(listener: unknown): boolean {
  return typeof listener === "function" && MARK in listener;
}

/** Tells whether the event has listeners that do not belong to this package. */
export function isListenedTo(target: UncaughtProcess, name: string): boolean {
  return target.listeners(name).some((listener) => !isMarked(listener));
}

/** Tells whether the application keeps the process alive after an uncaught error. */
export function survivesErrors(target: UncaughtProcess): boolean {
  return target.hasUncaughtExceptionCaptureCallback() || isListenedTo(target, "uncaughtException");
}

/** Returns the mode of `--unhandled-rejections` on the command line of Node; default `throw`. */
export function rejectionMode({ execArgv }: UncaughtProcess): string {
  const flag = /^--unhandled[-_]rejections(?:=(?<mode>.*))?$/;
  let mode = "throw";
  for (const [index, argument] of execArgv.entries()) {
    const match = flag.exec(argument);
    if (match !== null) mode = match.groups?.["mode"] ?? execArgv[index + 1] ?? mode;
  }
  return mode;
}
