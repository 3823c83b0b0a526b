import type { ClientCore } from "../client/client-core.js";
import { reachesRoot } from "../context/failure-path.js";
import { ONE_ERROR } from "../protocol/data-category.js";
import { chooseExceptions } from "./choose-exceptions.js";
import type {
  ChosenException,
  FoundException,
  RootOutcome,
  WaitingException,
} from "./choose-exceptions.js";
import type { ErrorReports } from "./error-reports.js";
import type { SpanException } from "./recorded-exceptions.js";
import { SAME_ERROR_MILLIS, textOfRecorded } from "./reported-errors.js";

/** Exceptions that may wait for one root. If a root never ends, the oldest are dropped. */
const MAX_PENDING = 50;

/** Failed calls that may wait for one root. Only the last one can become an event. */
const MAX_CALLS = 10;

/** Settings for reporting exceptions of spans: the client, which exceptions are reported, and the latest time. */
export interface ExceptionReporting {
  readonly errors: ErrorReports;
  /** True for `spanExceptions: "all"`: exceptions that were handled are reported as well. */
  readonly isAll: boolean;
  readonly waiting: WaitingExceptions;
}

/**
 * The exceptions of one local root and its descendants. They wait until the root has ended: only then is it known which
 * of them were failures, and the unit of work has its user.
 */
export class RootExceptions implements WaitingRoot {
  readonly #reporting: ExceptionReporting;
  readonly #outcomeOfOpen: () => RootOutcome;
  #pending: WaitingException[] = [];
  /** Reported exceptions, with which calls that fail later are compared. */
  #reported: WaitingException[] = [];
  #outcome: RootOutcome | undefined;

  /** `outcomeOfOpen` returns the outcome to assume while the root has not ended. */
  constructor(reporting: ExceptionReporting, outcomeOfOpen: () => RootOutcome) {
    this.#reporting = reporting;
    this.#outcomeOfOpen = outcomeOfOpen;
  }

  /** Adds exceptions of spans that have ended; `decide` must follow. */
  add(found: readonly FoundException[]): void {
    for (const each of found) this.#pending.push({ ...each, first: this.#firstOf(each) });
    this.#changed();
  }

  /**
   * Reports the exceptions once the root has ended, which is when `outcome` is set. Also called for spans that end
   * after the root.
   */
  decide(outcome?: RootOutcome): void {
    this.#outcome = outcome ?? this.#outcome;
    if (this.#outcome !== undefined) this.#reportBy(this.#outcome);
    else if (this.#reporting.waiting.isOver) this.#reportBy(this.#outcomeOfOpen());
    else this.#bound();
    this.#changed();
  }

  /** Removes and returns waiting exceptions that belong to another root. */
  take(isTaken: (exception: FoundException) => boolean): FoundException[] {
    const taken = this.#pending.filter(isTaken);
    this.#pending = this.#pending.filter((each) => !taken.includes(each));
    this.#changed();
    return taken;
  }

  /** The exceptions that are held until the root ends. */
  get waiting(): readonly FoundException[] {
    return this.#pending;
  }

  reportOpen(): void {
    this.#reportBy(this.#outcomeOfOpen());
    this.#changed();
  }

  overflow(): void {
    while (this.#pending.length > 0) this.#dropOldest();
    this.#changed();
  }

  #changed(): void {
    this.#reporting.waiting.changed(this, this.#pending.length);
  }

  // A thrown value that is not an error is known by its text only, and each span that it passes through records that
  // text.
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

  // In reverse order, because the outermost error was recorded last and has the others as its causes. Unhandled errors
  // come first: an error is reported only once, and must not be reported as handled.
  #reportBy(outcome: RootOutcome): void {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0) return;
    const { isAll, errors } = this.#reporting;
    const failureMillis = errors.failureOfTrace(pending[0]?.attribution.trace.traceId ?? "");
    const before = this.#reported;
    const chosen = chooseExceptions(pending, { outcome, isAll, before, failureMillis });
    const ordered = chosen.toReversed();
    for (const each of ordered) if (!each.handled) this.#report(each);
    for (const each of ordered) if (each.handled) this.#report(each);
  }

  #bound(): void {
    // First drop the exceptions that cannot become an event any more.
    if (this.#pending.length > MAX_PENDING && !this.#reporting.isAll)
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
    if (this.#reporting.isAll) this.#report({ exception: call, handled: true });
  }

  #dropOldest(): void {
    const oldest = this.#pending.shift();
    if (oldest === undefined) return;
    if (this.#reporting.isAll || oldest.role === "contained")
      this.#report({ exception: oldest, handled: true });
    else if (reachesRoot(oldest.span) && !this.#pending.some((other) => isSameError(other, oldest)))
      this.#reporting.errors.client.ledger.early.record("buffer_overflow", ONE_ERROR);
  }

  #report({ exception, handled }: ChosenException): void {
    const isRepeated = this.#reported.some(
      ({ recorded, first }) => recorded !== undefined && first === exception.first,
    );
    this.#remember(exception);
    if (isRepeated) return;
    const { errors } = this.#reporting;
    const { thrown, recorded, attribution, atMillis, mechanismType } = exception.first;
    const mechanism = { type: mechanismType, handled };
    const report = { attribution, atMillis, mechanism, form: "span" as const };
    if (thrown !== undefined) errors.reportThrown(thrown.error, report);
    else if (recorded !== undefined) errors.reportRecorded(recorded, report);
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

/** A local root with waiting exceptions. */
interface WaitingRoot {
  /** Reports the waiting exceptions although the root is open. */
  reportOpen(): void;
  /** Drops the waiting exceptions and counts them. */
  overflow(): void;
}

// Maximum for all roots. Each exception holds an error and its span, a few kilobytes.
const MAX_WAITING = 5000;

/**
 * The local roots of one processor or exporter with waiting exceptions. The exceptions are released when the root ends,
 * when the client closes or the process ends, or when too many exceptions wait; dropped ones are counted.
 */
export class WaitingExceptions {
  readonly #waitingFor = new Map<WaitingRoot, number>();
  #total = 0;
  #isOver = false;

  constructor(client: ClientCore) {
    client.onEnding(() => this.reportAll());
    client.onClosing(() => this.end());
  }

  /** True once exceptions no longer wait for open roots. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Updates the number of exceptions that wait for a root; evicts the oldest root over the limit. */
  changed(root: WaitingRoot, count: number): void {
    this.#total += count - (this.#waitingFor.get(root) ?? 0);
    if (count === 0) this.#waitingFor.delete(root);
    else this.#waitingFor.set(root, count);
    while (this.#total > MAX_WAITING) this.#oldest()?.overflow();
  }

  /** Reports all waiting exceptions although their roots are open. */
  reportAll(): void {
    for (const root of this.#waitingFor.keys()) root.reportOpen();
  }

  /** Reports all waiting exceptions. Later exceptions are reported at once. */
  end(): void {
    this.#isOver = true;
    this.reportAll();
  }

  #oldest(): WaitingRoot | undefined {
    return this.#waitingFor.keys().next().value;
  }
}
