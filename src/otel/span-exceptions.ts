import { STATUS_CODE } from "../semantics/span-view.js";
import type { FinishedSpan } from "../tracing/finished-span.js";
import type { Segment } from "../tracing/segment.js";
import { exceptionsOf } from "./recorded-exceptions.js";
import { RootExceptions } from "./root-exceptions.js";
import type { ExceptionSink } from "./root-exceptions.js";
import { hasEvents } from "./span-events.js";

/**
 * Turns the exceptions that are recorded on the spans of segments into error events: each error once,
 * also where nested spans, a capture and a log record have all seen it.
 */
export class SpanExceptions {
  readonly #sink: ExceptionSink;
  readonly #bySegment = new WeakMap<Segment, RootExceptions>();

  constructor(sink: ExceptionSink) {
    this.#sink = sink;
  }

  /** A span of the segment has ended; before the segment is told. */
  ended(segment: Segment, span: FinishedSpan): void {
    const isRoot = segment.root === span;
    // All that most spans cost.
    if (!hasEvents(span) && !segment.hasExceptions && !(isRoot && segment.open > 1)) return;
    const exceptions = this.#exceptionsOf(segment);
    exceptions.add(exceptionsOf(span));
    if (isRoot) exceptions.rootEnded(span.status.code === STATUS_CODE.ERROR);
  }

  #exceptionsOf(segment: Segment): RootExceptions {
    const known = this.#bySegment.get(segment);
    if (known !== undefined) return known;
    segment.hasExceptions = true;
    const exceptions = new RootExceptions(this.#sink);
    this.#bySegment.set(segment, exceptions);
    return exceptions;
  }
}
