import type { CaptureMechanism } from "../errors/exception-values.js";
import { attempt } from "../support/foreign.js";
import type { SeverityLevel } from "../protocol/events.js";
import { UncaughtEnd } from "./uncaught-end.js";
import { marked, survivesErrors } from "./uncaught-process.js";
import type { UncaughtProcess } from "./uncaught-process.js";
import { UncaughtRejections } from "./uncaught-rejections.js";

/** What is said of an uncaught error. */
export interface UncaughtHint {
  readonly mechanism: CaptureMechanism;
  /** `fatal` for what ends the process. */
  readonly level: SeverityLevel;
  /** None, for what has no stack of its own: whoever reports it has no part in it. */
  readonly syntheticStack: string;
}

/** Reports an uncaught error to one client. */
export type ReportUncaught = (thrown: unknown, hint: UncaughtHint) => unknown;

/** A client, as far as uncaught errors concern it. */
export interface UncaughtClient {
  flush(timeoutMillis: number): Promise<boolean>;
  readonly settings: { readonly shutdownTimeoutMillis: number };
}

// Of those that come while the process is held up: an application in pieces may throw for ever.
const MAX_LATE_ERRORS = 20;
// For timers that are late.
const GRACE_MILLIS = 500;
const MAX_TIMER_MILLIS = 2_147_483_647;

/**
 * Reports uncaught exceptions and unhandled rejections; those that end the process, before it ends as
 * it would have. It listens to a monitor, which changes nothing, until such an error is there.
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

  // Node asks next whether somebody handles it.
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

  // What a listener to that throws cannot be waited for.
  readonly #onExit = (): void => {
    this.#isExiting = true;
    if (this.#end.isNear) this.#end.tellAtExit();
  };

  #report(thrown: unknown, { origin, level }: { origin: string; level: SeverityLevel }): void {
    const type = `auto.node.on${origin.toLowerCase()}`;
    const hint = { mechanism: { type, handled: false }, level, syntheticStack: "" };
    for (const report of this.#clients.values()) attempt(() => report(thrown, hint), undefined);
  }

  // Flushes again for the errors that came meanwhile and are reported, within the time of one flush.
  async #flush(client: UncaughtClient): Promise<void> {
    const end = performance.now() + client.settings.shutdownTimeoutMillis;
    let flushedErrors: number;
    do {
      flushedErrors = this.#lateErrors;
      await client.flush(Math.max(0, end - performance.now()));
    } while (this.#lateErrors > flushedErrors && performance.now() < end);
  }
}
