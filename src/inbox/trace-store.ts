import { BoundedMap } from "../support/collections.js";
import { addTo, emptyRecord, summaryOf, traceIdOf } from "./trace-record.js";
import type { TraceRecord, TraceSummary } from "./trace-record.js";
import type { Arrival } from "./views.js";

/** Default limits: number of traces, bytes of all traces, bytes of one trace. */
const MAX_KEPT_TRACES = 500;
export const MAX_BYTES: number = 64 * 1024 * 1024;
const MAX_TRACE_BYTES: number = 8 * 1024 * 1024;

/** Measured: a pair of `"a":1` takes 6 bytes of the envelope, and an array and a string in memory. */
const OBJECT_BYTES = 90;

interface Kept {
  readonly record: TraceRecord;
  bytes: number;
  /** Computed on demand. */
  summary: TraceSummary | undefined;
}

/** Limits of a store. Defaults: the constants above. */
export interface TraceStoreLimits {
  readonly maxTraces?: number;
  readonly maxBytes?: number;
  readonly maxTraceBytes?: number;
}

/** Keeps traces up to a number and a size. Evicts the trace whose last arrival is the oldest. */
export class TraceStore {
  readonly #limits: Required<Omit<TraceStoreLimits, "maxTraces">>;
  // In the order of their last arrivals.
  readonly #kept: BoundedMap<string, Kept>;
  #bytes = 0;
  #evicted: string[] = [];
  #evictions = 0;
  #omitted = 0;

  constructor({
    maxTraces = MAX_KEPT_TRACES,
    maxBytes = MAX_BYTES,
    maxTraceBytes = MAX_TRACE_BYTES,
  }: TraceStoreLimits = {}) {
    this.#limits = { maxBytes, maxTraceBytes };
    this.#kept = new BoundedMap(maxTraces, ({ bytes }, id) => {
      this.#bytes -= bytes;
      this.#evicted.push(id);
    });
  }

  /** Number of evicted traces. */
  get evicted(): number {
    return this.#evictions;
  }

  /** Number of arrivals that were dropped because their trace is at its limit. */
  get omitted(): number {
    return this.#omitted;
  }

  /** Adds an arrival to its trace; `received` is its share of the envelope in bytes. Returns the ids of evicted traces. */
  add(arrival: Arrival, received: number): string[] {
    const id = traceIdOf(arrival);
    if (id === "") return [];
    const bytes = Math.max(received, OBJECT_BYTES * objectsIn(arrival));
    const kept = this.#kept.get(id) ?? { record: emptyRecord(id), bytes: 0, summary: undefined };
    if (kept.bytes + bytes > this.#limits.maxTraceBytes) {
      this.#omitted += 1;
      return [];
    }
    this.#kept.setNewest(id, kept);
    addTo(kept.record, arrival);
    kept.bytes += bytes;
    kept.summary = undefined;
    this.#bytes += bytes;
    return this.#makeRoom();
  }

  trace(id: string): TraceRecord | undefined {
    return this.#kept.get(id)?.record;
  }

  /** Returns the summary of a trace; undefined if it has neither spans nor errors. */
  summary(id: string): TraceSummary | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    const { spans, errors } = kept.record;
    if (spans.length + errors.length === 0) return undefined;
    return (kept.summary ??= summaryOf(kept.record));
  }

  /** Returns all summaries, oldest first. */
  summaries(): TraceSummary[] {
    return [...this.#kept.keys()].flatMap((id) => this.summary(id) ?? []);
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #makeRoom(): string[] {
    while (this.#bytes > this.#limits.maxBytes && this.#kept.evictOldest());
    const evicted = this.#evicted;
    this.#evicted = [];
    this.#evictions += evicted.length;
    return evicted;
  }
}

/** Number of event ids that are remembered. */
const MAX_EVENT_IDS = 10_000;

/** Detects events that arrive again: an SDK sends an event twice if the response to the first one was lost. */
export class RepeatedEvents {
  /** Number of arrivals by event id. */
  readonly #arrivals = new BoundedMap<string, number>(MAX_EVENT_IDS);

  /** Returns the arrival, or an arrival of kind `repeat` if the event has arrived before. */
  check(arrival: Arrival): Arrival {
    const eventId = eventIdOf(arrival);
    if (eventId === "") return arrival;
    const times = (this.#arrivals.get(eventId) ?? 0) + 1;
    this.#arrivals.setNewest(eventId, times);
    const type = arrival.kind === "error" ? "error" : "transaction";
    return times > 1 ? { kind: "repeat", type, eventId, times } : arrival;
  }

  clear(): void {
    this.#arrivals.clear();
  }
}

function eventIdOf(arrival: Arrival): string {
  if (arrival.kind === "error") return arrival.error.eventId;
  return arrival.kind === "spans" ? (arrival.transaction?.eventId ?? "") : "";
}

// Views are a few levels deep, and their lists are bounded.
function objectsIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 1;
  for (const property of Object.values(value)) count += objectsIn(property);
  return count;
}
