import { SAME_ERROR_MILLIS, textOfRecorded } from "../capture/reported-errors.js";
import type { SentryClient } from "../client/client.js";
import type { ItemCount } from "../protocol/data-category.js";
import { reportRecorded, reportThrown } from "./error-reports.js";
import type { SpanException } from "./recorded-exceptions.js";

/** Exceptions that wait for their root: of one that never ends, the first ones go. */
const MAX_PENDING = 50;

const ONE_ERROR: readonly ItemCount[] = [{ category: "error", quantity: 1 }];

/** Who gets the exceptions, and which. */
export interface ExceptionSink {
  readonly client: SentryClient;
  /** Whatever became of the root; else those of failed roots. */
  readonly isAll: boolean;
}

/**
 * The exceptions of one local root and its descendants. They wait until the root has ended: only then is
 * it known whether it failed, and who the unit's user is.
 */
export class RootExceptions {
  readonly #sink: ExceptionSink;
  #pending: SpanException[] = [];
  #hasFailed: boolean | undefined;

  constructor(sink: ExceptionSink) {
    this.#sink = sink;
  }

  /** Exceptions of a span that has ended. */
  add(exceptions: readonly SpanException[]): void {
    for (const each of exceptions) if (!this.#isPending(each)) this.#pending.push(each);
    if (this.#hasFailed === undefined) this.#bound();
    else this.#settle(this.#hasFailed);
  }

  /** The root has ended; what comes later has the same fate. */
  rootEnded(hasFailed: boolean): void {
    this.#hasFailed = hasFailed;
    this.#settle(hasFailed);
  }

  // What is thrown and is no error has nothing but its text: each span that it passes has the same.
  #isPending({ recorded, atMillis }: SpanException): boolean {
    if (recorded === undefined) return false;
    const text = textOfRecorded(recorded);
    return this.#pending.some(
      (other) =>
        other.recorded !== undefined &&
        Math.abs(other.atMillis - atMillis) <= SAME_ERROR_MILLIS &&
        textOfRecorded(other.recorded) === text,
    );
  }

  // The outermost one was recorded last, and has the others for its causes.
  #settle(hasFailed: boolean): void {
    const pending = this.#pending.toReversed();
    this.#pending = [];
    if (!hasFailed && !this.#sink.isAll) return;
    for (const exception of pending) this.#report(exception, !hasFailed);
  }

  #bound(): void {
    while (this.#pending.length > MAX_PENDING) {
      const oldest = this.#pending.shift();
      if (oldest !== undefined && this.#sink.isAll) this.#report(oldest, true);
      else this.#sink.client.ledger.early.record("buffer_overflow", ONE_ERROR);
    }
  }

  #report({ thrown, recorded, ...exception }: SpanException, handled: boolean): void {
    const { client } = this.#sink;
    const mechanism = { type: exception.mechanismType, handled };
    const report = { ...exception, mechanism, form: "span" as const };
    if (thrown !== undefined) reportThrown(client, thrown.error, report);
    else if (recorded !== undefined) reportRecorded(client, recorded, report);
  }
}
