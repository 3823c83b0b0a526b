import type { CaptureMechanism } from "../errors/exception-values.js";
import type { SeverityLevel } from "../protocol/events.js";
import { attempt } from "../support/foreign.js";
import {
  UncaughtEnd,
  isListenedTo,
  isMarked,
  marked,
  rejectionMode,
  survivesErrors,
} from "./uncaught-end.js";
import type { UncaughtProcess } from "./uncaught-end.js";

/** Parameters of the report of an uncaught error. */
export interface UncaughtHint {
  readonly mechanism: CaptureMechanism;
  /** `fatal` if the error ends the process. */
  readonly level: SeverityLevel;
  /** Empty, because the stack trace of the report would be unrelated to a thrown value that has none. */
  readonly syntheticStack: string;
}

/** Reports an uncaught error to one client. */
type ReportUncaught = (thrown: unknown, hint: UncaughtHint) => unknown;

/** The part of a client that is used for uncaught errors. */
export interface UncaughtClient {
  /** Captures what would wait for an event that will not occur: exceptions below open roots, open runs of monitors. */
  captureUnfinished(): void;
  flush(timeoutMillis: number): Promise<boolean>;
  readonly settings: { readonly shutdownTimeoutMillis: number };
}

// Maximum number of errors that are reported while the process waits for the last flush; a broken application may throw
// forever.
const MAX_LATE_ERRORS = 20;
// Additional time, so that the flush's own time-out fires first.
const GRACE_MILLIS = 500;
const MAX_TIMER_MILLIS = 2_147_483_647;

/**
 * Reports uncaught exceptions and unhandled rejections. If one ends the process, flushes first; the process then ends
 * in the same way as without this package. Otherwise only `uncaughtExceptionMonitor` is used, which does not change the
 * behaviour of Node.
 */
export class UncaughtErrors {
  readonly #process: UncaughtProcess;
  readonly #clients = new Map<UncaughtClient, ReportUncaught>();
  readonly #rejections: UncaughtRejections;
  readonly #end: UncaughtEnd;
  #lateErrors = 0;
  #isExiting = false;

  constructor(target: UncaughtProcess) {
    this.#process = target;
    this.#end = new UncaughtEnd(target);
    this.#rejections = new UncaughtRejections(target, (reason) =>
      this.#report(reason, { origin: "unhandledRejection", level: "error" }),
    );
  }

  add(client: UncaughtClient, report: ReportUncaught): void {
    if (this.#clients.size === 0) {
      this.#process.on("uncaughtExceptionMonitor", this.#onUncaught);
      this.#process.prependListener("exit", this.#onExit);
      this.#rejections.start();
    }
    this.#clients.set(client, report);
  }

  remove(client: UncaughtClient): void {
    if (!this.#clients.delete(client) || this.#clients.size > 0) return;
    this.#process.off("uncaughtExceptionMonitor", this.#onUncaught);
    if (!this.#end.isNear) this.#process.off("exit", this.#onExit);
    this.#rejections.stop();
  }

  // Node looks for `uncaughtException` listeners after this event.
  readonly #onUncaught = marked((thrown: unknown, origin: string): void => {
    if (this.#end.isNear) {
      if (this.#lateErrors === MAX_LATE_ERRORS) return;
      this.#lateErrors += 1;
    }
    const isFatal = !survivesErrors(this.#process);
    this.#report(thrown, { origin, level: isFatal ? "fatal" : "error" });
    if (!isFatal || this.#end.isNear || this.#isExiting) return;
    const clients = [...this.#clients.keys()];
    const times = clients.map(({ settings }) => settings.shutdownTimeoutMillis);
    this.#end.holdUp(thrown, {
      flush: () => Promise.allSettled(clients.map((client) => this.#flush(client))),
      limitMillis: Math.min(Math.max(...times) + GRACE_MILLIS, MAX_TIMER_MILLIS),
    });
  });

  // An error thrown by an `exit` listener cannot be flushed, because the event loop has stopped.
  readonly #onExit = (): void => {
    this.#isExiting = true;
    if (this.#end.isNear) this.#end.printAtExit();
  };

  #report(thrown: unknown, { origin, level }: { origin: string; level: SeverityLevel }): void {
    const type = `auto.node.on${origin.toLowerCase()}`;
    const hint = { mechanism: { type, handled: false }, level, syntheticStack: "" };
    for (const report of this.#clients.values()) attempt(() => report(thrown, hint), undefined);
  }

  // Flushes a second time, because servers and jobs go on during the first, and again for errors that were reported
  // meanwhile; all within the time of one flush, of which the first takes at most half: a server may not respond.
  async #flush(client: UncaughtClient): Promise<void> {
    const end = performance.now() + client.settings.shutdownTimeoutMillis;
    let flushedErrors = 0;
    for (let round = 0; round < 2 || this.#lateErrors > flushedErrors; round += 1) {
      flushedErrors = this.#lateErrors;
      const left = Math.max(0, end - performance.now());
      if (round > 0) client.captureUnfinished();
      await client.flush(round > 0 ? left : left / 2);
      if (performance.now() >= end) return;
    }
  }
}

const EVENT = "unhandledRejection";

/**
 * Observes unhandled rejections that do not become uncaught exceptions: those that a listener of the application
 * handles, and all of them if Node only warns (`--unhandled-rejections`). A listener changes how Node treats
 * rejections, so it is added only where that makes no difference.
 */
class UncaughtRejections {
  readonly #process: UncaughtProcess;
  readonly #onRejection: (reason: unknown) => void;
  #isListening = false;

  constructor(target: UncaughtProcess, onRejection: (reason: unknown) => void) {
    this.#process = target;
    this.#onRejection = marked((reason: unknown) => onRejection(reason));
  }

  start(): void {
    const mode = rejectionMode(this.#process);
    // In strict mode, Node first raises each rejection as an uncaught exception.
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

  // Added before all others, because a listener of the application may end the process.
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
