import { attempt, memberOf } from "../support/foreign.js";
import { systemTimers, within } from "../support/timers.js";
import type { ErrorTrace, TraceInput } from "./capture-input.js";
import type { SpanCounts } from "./stats.js";

/** A part that holds spans before the client gets them. */
export interface SpanSource {
  counts(): SpanCounts;
  /** Hands over everything that has finished; resolves when it has, within about `timeoutMillis`. */
  flush(timeoutMillis: number): Promise<void>;
  /** Hands over at once what is complete and waits for something else. Must not throw. */
  release?(): void;
  /** The segment of a span, if this part has seen the span start. */
  segmentOf?(span: object): TraceInput | undefined;
}

/** A part that collects small items before the client gets them. */
export interface ItemBuffer {
  /** Hands over everything it holds, at once. Must not throw. */
  flush(): void;
}

const NO_COUNTS: SpanCounts = Object.freeze({ started: 0, open: 0, buffered: 0 });

/** The parts that hold something for a client. */
export class Sources {
  readonly #spans = new Set<SpanSource>();
  readonly #buffers = new Set<ItemBuffer>();

  /** Adds a part; anything else is not added. */
  addSpans(source: SpanSource): void {
    const methods = [memberOf(source, "counts"), memberOf(source, "flush")];
    if (methods.every((method) => typeof method === "function")) this.#spans.add(source);
  }

  /** Adds a part; anything else is not added. */
  addBuffer(buffer: ItemBuffer): void {
    if (typeof memberOf(buffer, "flush") === "function") this.#buffers.add(buffer);
  }

  counts(): SpanCounts[] {
    return [...this.#spans].map((source) => attempt(() => source.counts(), NO_COUNTS));
  }

  /** Spans whose start was seen. */
  started(): number {
    let started = 0;
    for (const counts of this.counts()) started += counts.started;
    return started;
  }

  /** The segment of a span; undefined where none of the parts has seen it start. */
  segmentOf(span: object): TraceInput | undefined {
    for (const source of this.#spans) {
      const segment = source.segmentOf?.(span);
      if (segment !== undefined) return segment;
    }
    return undefined;
  }

  segmentOfTrace(trace: ErrorTrace | undefined): TraceInput | undefined {
    return trace?.span === undefined ? undefined : this.segmentOf(trace.span);
  }

  /** Flushes all parts; resolves to whether all have handed over what they hold, and to the milliseconds that are left. */
  async flush(timeoutMillis: number): Promise<{ isDone: boolean; remaining: number }> {
    const start = performance.now();
    this.flushBuffers();
    const flushes = [...this.#spans].map(async (source) => source.flush(timeoutMillis));
    const isDone = await within(systemTimers, timeoutMillis, Promise.allSettled(flushes));
    return { isDone, remaining: Math.max(0, timeoutMillis - (performance.now() - start)) };
  }

  flushBuffers(): void {
    for (const buffer of this.#buffers) buffer.flush();
  }

  /** Hands over what can be without waiting. */
  release(): void {
    for (const source of this.#spans) source.release?.();
    this.flushBuffers();
  }
}
