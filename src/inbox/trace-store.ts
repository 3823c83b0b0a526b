import { addTo, emptyRecord, summaryOf, traceIdOf } from "./trace-record.js";
import type { TraceRecord, TraceSummary } from "./trace-record.js";
import type { Arrival } from "./views.js";

/** Traces that are kept, bytes of their envelopes, and bytes of one trace. */
export const MAX_KEPT_TRACES = 500;
export const MAX_BYTES: number = 64 * 1024 * 1024;
export const MAX_TRACE_BYTES: number = 8 * 1024 * 1024;

interface Kept {
  readonly record: TraceRecord;
  bytes: number;
  /** Computed when it is asked for. */
  summary: TraceSummary | undefined;
}

/** How a store is limited; the defaults are the constants above. */
export interface TraceStoreLimits {
  readonly maxTraces?: number;
  readonly maxBytes?: number;
  readonly maxTraceBytes?: number;
}

/** Keeps the newest traces: by number and by bytes. The trace that has been quiet for longest is evicted first. */
export class TraceStore {
  readonly #limits: Required<TraceStoreLimits>;
  // In the order of their last arrivals.
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #evicted = 0;
  #omitted = 0;

  constructor({
    maxTraces = MAX_KEPT_TRACES,
    maxBytes = MAX_BYTES,
    maxTraceBytes = MAX_TRACE_BYTES,
  }: TraceStoreLimits = {}) {
    this.#limits = { maxTraces, maxBytes, maxTraceBytes };
  }

  /** Traces that had to make room for newer ones. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Arrivals that were left out because their trace is at its limit. */
  get omitted(): number {
    return this.#omitted;
  }

  /** Adds what belongs to a trace; `bytes` is its share of the envelope. Returns the ids of evicted traces. */
  add(arrival: Arrival, bytes: number): string[] {
    const id = traceIdOf(arrival);
    if (id === "") return [];
    const kept = this.#kept.get(id) ?? { record: emptyRecord(id), bytes: 0, summary: undefined };
    if (kept.bytes + bytes > this.#limits.maxTraceBytes) {
      this.#omitted += 1;
      return [];
    }
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    addTo(kept.record, arrival);
    kept.bytes += bytes;
    kept.summary = undefined;
    this.#bytes += bytes;
    return this.#makeRoom();
  }

  trace(id: string): TraceRecord | undefined {
    return this.#kept.get(id)?.record;
  }

  /** The line of the list for a trace; undefined where it has neither a span nor an error. */
  summary(id: string): TraceSummary | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    const { spans, errors } = kept.record;
    if (spans.length + errors.length === 0) return undefined;
    return (kept.summary ??= summaryOf(kept.record));
  }

  /** All lines of the list, oldest first. */
  summaries(): TraceSummary[] {
    return [...this.#kept.keys()].flatMap((id) => this.summary(id) ?? []);
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #makeRoom(): string[] {
    const evicted: string[] = [];
    for (const [id, { bytes }] of this.#kept) {
      const { maxTraces, maxBytes } = this.#limits;
      if (this.#kept.size <= maxTraces && this.#bytes <= maxBytes) break;
      this.#kept.delete(id);
      this.#bytes -= bytes;
      evicted.push(id);
    }
    this.#evicted += evicted.length;
    return evicted;
  }
}
