import { attempt } from "../support/foreign.js";
import { hasFailed, isCall, stopsFailures } from "../semantics/failures.js";
import type { EndedWork } from "../semantics/failures.js";
import type { FinishedSpan } from "../trace/span.js";
import type { Segment } from "../spans/segment.js";
import type { FoundException, RootOutcome } from "./choose-exceptions.js";
import { markEnded } from "../context/failure-path.js";
import { spanExceptionsOf } from "./recorded-exceptions.js";
import { RootExceptions } from "./root-exceptions.js";
import type { ExceptionReporting } from "./root-exceptions.js";
import { hasEvents } from "../trace/span.js";
import type { SpanEntry } from "../spans/span-entries.js";

// Shared, because most spans have no exceptions.
const NONE: readonly FoundException[] = Object.freeze([]);

/**
 * Creates error events from the exceptions recorded on spans, each error once, even if nested spans, a capture and a
 * log record have seen it.
 */
export class ProcessorExceptions {
  readonly #reporting: ExceptionReporting;
  readonly #bySegment = new WeakMap<Segment, RootExceptions>();

  constructor(reporting: ExceptionReporting) {
    this.#reporting = reporting;
  }

  /** Handles the exceptions of an ended span. Call it before the assembler finishes the span. */
  ended(entry: SpanEntry, span: FinishedSpan): void {
    const { segment } = entry;
    const isRoot = segment.root === span;
    const found = hasEvents(span) ? foundOn(entry, span) : NONE;
    if (!isRoot) markEnded(entry, stopsFailures(span));
    // Most spans return at this point.
    if (found.length === 0 && !segment.hasExceptions && !(isRoot && segment.open > 1)) return;
    const exceptions = this.#exceptionsOf(segment);
    exceptions.add(found);
    exceptions.decide(isRoot ? rootOutcomeOf(span) : undefined);
  }

  /** Reports the exceptions that wait for open roots. Later exceptions are reported at once. */
  end(): void {
    this.#reporting.waiting.end();
  }

  #exceptionsOf(segment: Segment): RootExceptions {
    const known = this.#bySegment.get(segment);
    if (known !== undefined) return known;
    segment.hasExceptions = true;
    const exceptions = new RootExceptions(this.#reporting, () => outcomeOfOpen(segment.root));
    this.#bySegment.set(segment, exceptions);
    return exceptions;
  }
}

function foundOn(entry: SpanEntry, span: FinishedSpan): FoundException[] {
  const found = spanExceptionsOf(span).map((each) => ({ ...each, span: entry }));
  if (found.length > 0) entry.hasRecorded = true;
  return found;
}

/** Returns the outcome of an ended local root. */
export function rootOutcomeOf(root: EndedWork): RootOutcome {
  if (isCall(root.kind)) return "call";
  return hasFailed(root) ? "failed" : "fine";
}

// Reads the outcome of an open span. The OTel API has no method for that, but spans of the SDK can be read.
function outcomeOfOpen(root: object | undefined): RootOutcome {
  const { kind, status, attributes } = (root ?? {}) as Partial<EndedWork>;
  if (kind === undefined || status === undefined || attributes === undefined) return "open";
  if (isCall(kind)) return "call";
  return attempt(() => stopsFailures({ kind, status, attributes }), false) ? "fine" : "open";
}
