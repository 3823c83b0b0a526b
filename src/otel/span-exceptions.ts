import { recordedException } from "../capture/recorded-exception.js";
import type { RecordedException } from "../capture/recorded-exception.js";
import { textOfError, textOfRecorded } from "../capture/reported-errors.js";
import type { SentryClient } from "../client/client.js";
import type { ItemCount } from "../protocol/data-category.js";
import { inferOrigin } from "../semantics/infer-origin.js";
import { inferSpan } from "../semantics/infer-span.js";
import { STATUS_CODE } from "../semantics/span-view.js";
import type { FinishedSpan, SpanEvent } from "../tracing/finished-span.js";
import type { Segment } from "../tracing/segment.js";
import { eventsOf, hasEvents } from "./span-events.js";
import { placeOfSpan, recordedErrors } from "./error-places.js";
import type { ErrorPlace } from "./error-places.js";
import { reportRecorded, reportThrown } from "./error-reports.js";

interface PendingException {
  readonly thrown?: { readonly error: unknown };
  readonly recorded?: RecordedException;
  readonly place: ErrorPlace;
  readonly atMillis: number;
  readonly mechanismType: string;
}

interface SegmentExceptions {
  pending: PendingException[];
  /** Of the root, once it has ended. */
  hasFailed: boolean | undefined;
}

/** Exceptions that wait for their root: of one that never ends, the first ones go. */
const MAX_PENDING = 50;

const ONE_ERROR: readonly ItemCount[] = [{ category: "error", quantity: 1 }];

/**
 * Turns the exceptions that are recorded on spans into error events: when the segment's root has ended,
 * since only then it is known whether it failed and who the unit's user is. Each error once, also where
 * nested spans, a capture and a log record have all seen it.
 */
export class SpanExceptions {
  readonly #client: SentryClient;
  readonly #isAll: boolean;
  readonly #bySegment = new WeakMap<Segment, SegmentExceptions>();

  /** `isAll`: whatever became of the root. */
  constructor(client: SentryClient, isAll: boolean) {
    this.#client = client;
    this.#isAll = isAll;
  }

  /** A span of the segment has ended; before the segment is told. */
  ended(segment: Segment, span: FinishedSpan): void {
    const isRoot = segment.root === span;
    // All that most spans cost.
    if (!hasEvents(span) && !segment.hasExceptions && !(isRoot && segment.open > 1)) return;
    const exceptions = this.#exceptionsOf(segment);
    exceptions.pending.push(...exceptionsOf(span));
    if (isRoot) exceptions.hasFailed = span.status.code === STATUS_CODE.ERROR;
    if (exceptions.hasFailed === undefined) this.#bound(exceptions);
    else this.#settle(exceptions, exceptions.hasFailed);
  }

  #exceptionsOf(segment: Segment): SegmentExceptions {
    const known = this.#bySegment.get(segment);
    if (known !== undefined) return known;
    segment.hasExceptions = true;
    const exceptions = { pending: [], hasFailed: undefined };
    this.#bySegment.set(segment, exceptions);
    return exceptions;
  }

  // The outermost one was recorded last, and has the others for its causes.
  #settle(exceptions: SegmentExceptions, hasFailed: boolean): void {
    const { pending } = exceptions;
    exceptions.pending = [];
    if (!hasFailed && !this.#isAll) return;
    for (const exception of pending.toReversed()) this.#report(exception, !hasFailed);
  }

  #bound({ pending }: SegmentExceptions): void {
    while (pending.length > MAX_PENDING) {
      const oldest = pending.shift();
      if (oldest === undefined) return;
      if (this.#isAll) this.#report(oldest, true);
      else this.#client.ledger.early.record("buffer_overflow", ONE_ERROR);
    }
  }

  #report({ thrown, recorded, ...exception }: PendingException, handled: boolean): void {
    const mechanism = { type: exception.mechanismType, handled };
    const report = { ...exception, mechanism, form: "span" as const };
    if (thrown !== undefined) reportThrown(this.#client, thrown.error, report);
    else if (recorded !== undefined) reportRecorded(this.#client, recorded, report);
  }
}

// Most are errors that were seen themselves; what is left are texts that somebody has written.
function exceptionsOf(span: FinishedSpan): PendingException[] {
  const texts = eventsOf(span).filter(({ name }) => name === "exception");
  if (texts.length === 0) return [];
  const mechanismType = mechanismOf(span);
  const seen = recordedErrors(span);
  const seenTexts = new Set(seen.map(({ error }) => textOfError(error)));
  const thrown = seen.map(({ error, place, atMillis }) => ({
    thrown: { error },
    place,
    atMillis,
    mechanismType,
  }));
  const place = placeOfSpan(span);
  const others = texts.flatMap((event): PendingException[] => {
    const recorded = recordedException(event.attributes);
    if (recorded === undefined || seenTexts.has(textOfRecorded(recorded))) return [];
    return [{ recorded, place, atMillis: millisOf(event), mechanismType }];
  });
  return [...thrown, ...others];
}

function millisOf({ time: [seconds, nanos] }: SpanEvent): number {
  return seconds * 1000 + nanos / 1e6;
}

function mechanismOf(span: FinishedSpan): string {
  const origin = inferOrigin(span.instrumentationScope.name, inferSpan(span).op);
  return origin.startsWith("auto.") ? origin : "auto.otel.span";
}
