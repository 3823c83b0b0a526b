import { isAbove, reachesRoot } from "../context/failure-path.js";
import type { PathSpan } from "../context/failure-path.js";
import type { SpanException } from "./recorded-exceptions.js";

/** An exception, and where its span is on the way to the root. */
export interface FoundException extends SpanException {
  readonly span: PathSpan;
}

/** An exception that waits for its local root. */
export interface WaitingException extends FoundException {
  /** The first one of an error that several spans know by its text alone; itself for all others. */
  readonly first: SpanException;
}

/** Outcome of a local root. `open`: it has not ended, and its end is not waited for. `call`: a CLIENT or PRODUCER span. */
export type RootOutcome = "call" | "failed" | "fine" | "open";

/** Facts that decide which exceptions of a segment are errors. */
export interface Verdict {
  readonly outcome: RootOutcome;
  /** All are reported (`spanExceptions: "all"`); otherwise those that are errors. */
  readonly isAll: boolean;
  /** Exceptions of the segment that were found to be errors before. */
  readonly before: readonly WaitingException[];
  /** When an error handler last captured an unhandled error of the trace, in milliseconds since 1970. */
  readonly failureMillis?: number | undefined;
}

/** An exception that is an error event. */
export interface ChosenException {
  readonly exception: WaitingException;
  readonly handled: boolean;
}

/** Chooses the exceptions of a segment that become error events, by the rule in `docs/errors.md`. */
export function chooseExceptions(
  waiting: readonly WaitingException[],
  verdict: Verdict,
): ChosenException[] {
  const errors = new Set(errorsAmong(waiting, verdict));
  return waiting
    .filter((exception) => verdict.isAll || errors.has(exception))
    .map((exception) => {
      const isUnhandled = verdict.outcome === "failed" && errors.has(exception);
      return { exception, handled: !isUnhandled || exception.role === "contained" };
    });
}

function errorsAmong(
  waiting: readonly WaitingException[],
  { outcome, before, failureMillis = 0 }: Verdict,
): WaitingException[] {
  const contained = waiting.filter(({ role }) => role === "contained");
  if (outcome === "fine" || outcome === "call") return contained;
  const reached = waiting.filter(({ role, span }) => role !== "contained" && reachesRoot(span));
  const work = reached.filter(({ role }) => role === "work");
  const calls = reached.filter(({ role, atMillis }) => role === "call" && atMillis > failureMillis);
  const call = lastCall(calls, [...before, ...contained, ...work]);
  return [...contained, ...work, ...(call === undefined ? [] : [call])];
}

// OTel's clock begins anew with each span, at a whole millisecond: times of two spans may be out of order by that.
const CLOCK_ERROR_MILLIS = 1;

// A caller that recorded an exception speaks for its calls. Of the other calls only the last one can have made the
// root fail: whatever failed before it was followed by another call.
function lastCall(
  calls: readonly WaitingException[],
  others: readonly WaitingException[],
): WaitingException | undefined {
  if (others.some(({ role }) => role === "call")) return undefined;
  let last: WaitingException | undefined;
  for (const each of calls) {
    if (others.some((other) => isCallersOf(each, other))) continue;
    if (last === undefined || isLater(each, last)) last = each;
  }
  return last;
}

// Nearer to the root: on the way of the call, or beside it and later. A framework's layers may be siblings.
function isCallersOf(call: WaitingException, { span, role, atMillis }: WaitingException): boolean {
  if (isAbove(span, call.span)) return true;
  return role === "work" && span.depth < call.span.depth && isLater({ atMillis }, call);
}

// Of two at one time the one that is asked about, since its span has ended later.
function isLater(
  { atMillis }: Pick<SpanException, "atMillis">,
  other: Pick<SpanException, "atMillis">,
): boolean {
  return atMillis > other.atMillis - CLOCK_ERROR_MILLIS;
}
