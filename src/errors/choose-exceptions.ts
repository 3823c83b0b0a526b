import { isAncestor, reachesRoot } from "../context/failure-path.js";
import type { PathNode } from "../context/failure-path.js";
import type { SpanException } from "./recorded-exceptions.js";

/** An exception, and the position of its span on the path to the local root. */
export interface FoundException extends SpanException {
  readonly span: PathNode;
}

/** An exception that waits for its local root. */
export interface WaitingException extends FoundException {
  /** If several spans recorded one error only as texts, the first of these exceptions; otherwise this one. */
  readonly first: SpanException;
}

/**
 * Outcome of a local root. `open`: decided before the root has ended. `call`: the root is a CLIENT or PRODUCER span.
 */
export type RootOutcome = "call" | "failed" | "fine" | "open";

/** The facts that decide which exceptions of a segment are errors. */
interface Verdict {
  readonly outcome: RootOutcome;
  /** True for `spanExceptions: "all"`: exceptions that were handled are reported as well. */
  readonly isAll: boolean;
  /** Exceptions of the segment that were reported earlier. */
  readonly before: readonly WaitingException[];
  /** Time at which an error handler last captured an unhandled error of the trace, in milliseconds since 1970. */
  readonly failureMillis?: number | undefined;
}

/** An exception that becomes an error event. */
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

// OTel's clock restarts with each span at a whole millisecond, so the times of two spans may differ by one millisecond
// more or less.
const CLOCK_ERROR_MILLIS = 1;

// An exception recorded by the caller covers the failures of its calls. Of all other calls, only the last one can have
// made the root fail: after an earlier failure the application went on to another call.
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

// Tells whether an exception was recorded closer to the root than a call: by an ancestor of the call, or by a later
// span beside it, because the layers of a framework may be siblings.
function isCallersOf(call: WaitingException, { span, role, atMillis }: WaitingException): boolean {
  if (isAncestor(span, call.span)) return true;
  return role === "work" && span.depth < call.span.depth && isLater({ atMillis }, call);
}

// At equal times the first argument counts as later, because its span ended later.
function isLater(
  { atMillis }: Pick<SpanException, "atMillis">,
  other: Pick<SpanException, "atMillis">,
): boolean {
  return atMillis > other.atMillis - CLOCK_ERROR_MILLIS;
}
