import { attempt, propertyOf } from "../support/foreign.js";
import { systemTimers, within } from "../support/time.js";
import type { TraceContext, SegmentView } from "./capture-input.js";
import type { SpanCounts } from "./stats.js";

/** Buffers spans before the client captures them. */
export interface SpanSource {
  counts(): SpanCounts;
  /** Passes all finished spans to the client. Resolves when done, within about `timeoutMillis`. */
  flush(timeoutMillis: number): Promise<void>;
  /** Passes complete transactions to the client synchronously, without waiting for resource attributes. Must not throw. */
  atExit?(): void;
  /** Returns the segment of a span; undefined if this source did not see the span start. */
  segmentOf?(span: object): SegmentView | undefined;
  /** True once the source is closed and holds nothing: its counts are final. */
  isSpent?(): boolean;
  /** Called when the client removes a source that is closed and holds nothing. Must not throw. */
  end?(): void;
}

/** Batches logs or metrics before the client captures them. */
export interface ItemBuffer {
  /** Passes all items to the client synchronously. Must not throw. */
  flush(): void;
}

const NO_COUNTS: SpanCounts = Object.freeze({ started: 0, open: 0, buffered: 0 });

/** The span sources and item buffers of one client. */
export class Sources {
  readonly #spans = new Set<SpanSource>();
  /** Spans that were started in sources which the client has removed. */
  #startedEarlier = 0;
  readonly #buffers = new Set<ItemBuffer>();

  /** Adds a source of spans; ignores a value without its methods. */
  addSpans(source: SpanSource): void {
    this.#removeSpent();
    const methods = [propertyOf(source, "counts"), propertyOf(source, "flush")];
    if (methods.every((method) => typeof method === "function")) this.#spans.add(source);
  }

  /** Adds a buffer; ignores a value without its method. */
  addBuffer(buffer: ItemBuffer): void {
    if (typeof propertyOf(buffer, "flush") === "function") this.#buffers.add(buffer);
  }

  // An application may start a processor for each test or each tenant, and shut it down again.
  #removeSpent(): void {
    for (const source of this.#spans) {
      if (!attempt(() => source.isSpent?.() === true, false)) continue;
      this.#startedEarlier += attempt(() => source.counts(), NO_COUNTS).started;
      this.#spans.delete(source);
      attempt(() => source.end?.(), undefined);
    }
  }

  counts(): SpanCounts[] {
    const counts = [...this.#spans].map((source) => attempt(() => source.counts(), NO_COUNTS));
    return [...counts, { ...NO_COUNTS, started: this.#startedEarlier }];
  }

  /** Returns a number that grows with every span that starts or ends. */
  activity(): number {
    let activity = 0;
    for (const { started, open } of this.counts()) activity += 2 * started - open;
    return activity;
  }

  /** Returns the segment of a span; undefined if no source saw the span start. */
  segmentOf(span: object): SegmentView | undefined {
    for (const source of this.#spans) {
      const segment = source.segmentOf?.(span);
      if (segment !== undefined) return segment;
    }
    return undefined;
  }

  segmentOfTrace(trace: TraceContext | undefined): SegmentView | undefined {
    return trace?.span === undefined ? undefined : this.segmentOf(trace.span);
  }

  /**
   * Flushes all buffers and sources. `isDone` is true if all were flushed in time; `remaining` is the number of
   * milliseconds that are left.
   */
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

  /** Passes complete transactions and all buffered items to the client, synchronously, at the end of the process. */
  atExit(): void {
    for (const source of this.#spans) source.atExit?.();
    this.flushBuffers();
  }
}
