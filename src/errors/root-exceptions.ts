import { SAME_ERROR_MILLIS, textOfRecorded } from "./reported-errors.js";
import type { SentryClient } from "../client/client.js";
import type { ItemCount } from "../protocol/data-category.js";
import { chooseExceptions } from "./choose-exceptions.js";
import type {
  ChosenException,
  FoundException,
  RootOutcome,
  WaitingException,
} from "./choose-exceptions.js";
import { failureOfTrace, reportRecorded, reportThrown } from "./error-reports.js";
import { reachesRoot } from "../context/failure-path.js";
import type { SpanException } from "./recorded-exceptions.js";
import type { WaitingExceptions, WaitingRoot } from "./waiting-exceptions.js";

/** Exceptions that wait for one root: of one that never ends, the first ones go. */
const MAX_PENDING = 50;

/** Failed calls that wait for one root. Only the last one can become an event. */
const MAX_CALLS = 10;

const ONE_ERROR: readonly ItemCount[] = [{ category: "error", quantity: 1 }];

/** Who gets the exceptions, and which. */
export interface ExceptionSink {
  readonly client: SentryClient;
  /** Every exception (`spanExceptions: "all"`); otherwise those that are errors. */
  readonly isAll: boolean;
  readonly waiting: WaitingExceptions;
}

/**
 * The exceptions of one local root and its descendants. They wait until the root has ended: only then is it known
 * which of them were failures, and who the unit's user is.
 */
export class RootExceptions implements WaitingRoot {
  readonly #sink: ExceptionSink;
  readonly #outcomeOfOpen: () => RootOutcome;
  #pending: WaitingException[] = [];
  /** Errors that were reported: calls that fail later are compared with them. */
  #reported: WaitingException[] = [];
  #outcome: RootOutcome | undefined;

  /** `outcomeOfOpen`: what is known of the root while it has not ended. */
  constructor(sink: ExceptionSink, outcomeOfOpen: () => RootOutcome) {
    this.#sink = sink;
    this.#outcomeOfOpen = outcomeOfOpen;
  }

  /** Adds exceptions of spans that have ended; `decide` must follow. */
  add(found: readonly FoundException[]): void {
    for (const each of found) this.#pending.push({ ...each, first: this.#firstOf(each) });
    this.#changed();
  }

  /** Decides what can be decided; the root has ended where there is an outcome. What ends later has the same fate. */
  decide(outcome?: RootOutcome): void {
    this.#outcome = outcome ?? this.#outcome;
    if (this.#outcome !== undefined) this.#settle(this.#outcome);
    else if (this.#sink.waiting.isOver) this.#settle(this.#outcomeOfOpen());
    else this.#bound();
    this.#changed();
  }

  /** Takes out the exceptions that wait and are to be decided elsewhere. */
  take(isTaken: (exception: FoundException) => boolean): FoundException[] {
    const taken = this.#pending.filter(isTaken);
    this.#pending = this.#pending.filter((each) => !taken.includes(each));
    this.#changed();
    return taken;
  }

  /** Exceptions that wait. */
  get waiting(): readonly FoundException[] {
    return this.#pending;
  }

  reportOpen(): void {
    this.#settle(this.#outcomeOfOpen());
    this.#changed();
  }

  overflow(): void {
    while (this.#pending.length > 0) this.#dropOldest();
    this.#changed();
  }

  #changed(): void {
    this.#sink.waiting.changed(this, this.#pending.length);
  }

  // A thrown value that is no error is known by its text alone: each span that it passes has the same.
  #firstOf(exception: SpanException): SpanException {
    const { recorded, atMillis } = exception;
    if (recorded === undefined) return exception;
    const text = textOfRecorded(recorded);
    const same = [...this.#reported, ...this.#pending].find(
      (other) =>
        other.recorded !== undefined &&
        Math.abs(other.atMillis - atMillis) <= SAME_ERROR_MILLIS &&
        textOfRecorded(other.recorded) === text,
    );
    return same?.first ?? exception;
  }

  // The outermost one was recorded last, and has the others as its causes. Unhandled ones go before handled ones,
  // since an error is reported once.
  #settle(outcome: RootOutcome): void {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0) return;
    const { isAll, client } = this.#sink;
    const failureMillis = failureOfTrace(client, pending[0]?.place.trace.traceId ?? "");
    const before = this.#reported;
    const chosen = chooseExceptions(pending, { outcome, isAll, before, failureMillis });
    const ordered = chosen.toReversed();
    for (const each of ordered) if (!each.handled) this.#report(each);
    for (const each of ordered) if (each.handled) this.#report(each);
  }

  #bound(): void {
    // What cannot become an event any more must not displace what can.
    if (this.#pending.length > MAX_PENDING && !this.#sink.isAll)
      this.#pending = this.#pending.filter(
        ({ role, span }) => role === "contained" || reachesRoot(span),
      );
    const calls = this.#pending.filter(({ role }) => role === "call");
    if (calls.length > MAX_CALLS) this.#dropCall(calls[0]);
    while (this.#pending.length > MAX_PENDING) this.#dropOldest();
  }

  #dropCall(call: WaitingException | undefined): void {
    if (call === undefined) return;
    this.#pending.splice(this.#pending.indexOf(call), 1);
    if (this.#sink.isAll) this.#report({ exception: call, handled: true });
  }

  #dropOldest(): void {
    const oldest = this.#pending.shift();
    if (oldest === undefined) return;
    if (this.#sink.isAll || oldest.role === "contained")
      this.#report({ exception: oldest, handled: true });
    else if (reachesRoot(oldest.span) && !this.#pending.some((other) => isSameError(other, oldest)))
      this.#sink.client.ledger.early.record("buffer_overflow", ONE_ERROR);
  }

  #report({ exception, handled }: ChosenException): void {
    const isRepeated = this.#reported.some(
      ({ recorded, first }) => recorded !== undefined && first === exception.first,
    );
    this.#remember(exception);
    if (isRepeated) return;
    const { client } = this.#sink;
    const { thrown, recorded, place, atMillis, mechanismType } = exception.first;
    const mechanism = { type: mechanismType, handled };
    const report = { place, atMillis, mechanism, form: "span" as const };
    if (thrown !== undefined) reportThrown(client, thrown.error, report);
    else if (recorded !== undefined) reportRecorded(client, recorded, report);
  }

  #remember(exception: WaitingException): void {
    this.#reported.push(exception);
    if (this.#reported.length > MAX_PENDING) this.#reported.shift();
  }
}

function isSameError(one: WaitingException, other: WaitingException): boolean {
  if (one.thrown === undefined || other.thrown === undefined) return one.first === other.first;
  return one.thrown.error === other.thrown.error;
}
