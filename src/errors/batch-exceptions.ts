import { attempt } from "../support/foreign.js";
import { setNewest } from "../support/newest.js";
import { localParentId } from "../trace/finished-span.js";
import type { FinishedSpan } from "../trace/finished-span.js";
import { exceptionsOf } from "./recorded-exceptions.js";
import type { ExceptionSink } from "./root-exceptions.js";
import { outcomeOf } from "./span-exceptions.js";
import { hasEvents } from "../trace/span-events.js";
import { TraceExceptions } from "./trace-exceptions.js";
import type { EndedRoot } from "./trace-exceptions.js";

/** Traces whose roots are remembered for children that come after them; the first are forgotten. */
const MAX_TRACES = 10_000;

/** Roots of one trace that are remembered. */
const MAX_ROOTS = 10;

/** Like `SpanExceptions`, for spans that are known only once they have finished, in any order. */
export class BatchExceptions {
  readonly #sink: ExceptionSink;
  readonly #rootsByTrace = new Map<string, EndedRoot[]>();
  /** Traces with exceptions whose roots have not come. */
  readonly #waiting = new Map<string, TraceExceptions>();
  readonly #nowMillis: () => number;

  constructor(sink: ExceptionSink, nowMillis: () => number = () => performance.now()) {
    this.#sink = sink;
    this.#nowMillis = nowMillis;
  }

  /** Takes a batch of finished spans. */
  accept(spans: readonly FinishedSpan[]): void {
    const readable = spans.filter((span) => attempt(() => this.#noteRoot(span), false));
    const withEvents = readable.filter((span) => attempt(() => hasEvents(span), false));
    if (withEvents.length === 0 && this.#waiting.size === 0) return;
    for (const span of withEvents) this.#add(span);
    const byTrace = this.#spansOfWaiting(readable);
    for (const [traceId, trace] of this.#waiting) {
      trace.decide(byTrace.get(traceId) ?? [], this.#nowMillis());
      if (trace.isEmpty) this.#waiting.delete(traceId);
    }
  }

  /** Reports what waits for roots that have not come, and from now on each exception at once. */
  end(): void {
    this.#sink.waiting.end();
  }

  #spansOfWaiting(spans: readonly FinishedSpan[]): Map<string, FinishedSpan[]> {
    const byTrace = new Map<string, FinishedSpan[]>();
    for (const span of spans) {
      const { traceId } = span.spanContext();
      if (!this.#waiting.has(traceId)) continue;
      const others = byTrace.get(traceId);
      if (others === undefined) byTrace.set(traceId, [span]);
      else others.push(span);
    }
    return byTrace;
  }

  #noteRoot(span: FinishedSpan): boolean {
    const { traceId, spanId } = span.spanContext();
    if (localParentId(span) !== undefined) return true;
    const roots = this.#rootsByTrace.get(traceId) ?? [];
    const newest = [...roots, { spanId, outcome: outcomeOf(span) }].slice(-MAX_ROOTS);
    setNewest(this.#rootsByTrace, [traceId, newest], MAX_TRACES);
    return true;
  }

  #add(span: FinishedSpan): void {
    const exceptions = attempt(() => exceptionsOf(span), []);
    if (exceptions.length === 0) return;
    const { traceId } = span.spanContext();
    const trace =
      this.#waiting.get(traceId) ??
      new TraceExceptions(
        this.#sink,
        () => this.#rootsByTrace.get(traceId) ?? [],
        this.#nowMillis(),
      );
    this.#waiting.set(traceId, trace);
    trace.add(span, exceptions);
  }
}
