import { STATUS_CODE } from "../semantics/span-view.js";
import { localParentId } from "../tracing/finished-span.js";
import type { FinishedSpan } from "../tracing/finished-span.js";
import { exceptionsOf } from "./recorded-exceptions.js";
import { RootExceptions } from "./root-exceptions.js";
import type { ExceptionSink } from "./root-exceptions.js";
import { hasEvents } from "./span-events.js";

/** Traces whose exceptions wait for a root, or whose root is remembered; the first are forgotten. */
const MAX_TRACES = 1000;

/** The same as `SpanExceptions` for spans that are known only once they have finished, in any order. */
export class BatchExceptions {
  readonly #sink: ExceptionSink;
  readonly #byTrace = new Map<string, RootExceptions>();

  constructor(sink: ExceptionSink) {
    this.#sink = sink;
  }

  accept(spans: readonly FinishedSpan[]): void {
    for (const span of spans) if (hasEvents(span)) this.#exceptionsOf(span).add(exceptionsOf(span));
    for (const span of spans) if (localParentId(span) === undefined) this.#rootEnded(span);
  }

  #rootEnded(root: FinishedSpan): void {
    const hasFailed = root.status.code === STATUS_CODE.ERROR;
    // A later child of a root that has not failed finds none, and waits for nothing.
    if (hasFailed || this.#byTrace.has(root.spanContext().traceId))
      this.#exceptionsOf(root).rootEnded(hasFailed);
  }

  #exceptionsOf(span: FinishedSpan): RootExceptions {
    const { traceId } = span.spanContext();
    const known = this.#byTrace.get(traceId);
    if (known !== undefined) return known;
    const exceptions = new RootExceptions(this.#sink);
    this.#byTrace.set(traceId, exceptions);
    if (this.#byTrace.size > MAX_TRACES)
      this.#byTrace.delete(this.#byTrace.keys().next().value ?? "");
    return exceptions;
  }
}
