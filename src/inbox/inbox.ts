import type { ReadEnvelope } from "../testing/envelope-reader.js";
import { readArrivals } from "./read-envelope.js";
import { RepeatedEvents, TraceStore } from "./trace-store.js";
import { TallyStore } from "./tallies.js";
import type { Tallies } from "./tallies.js";
import { traceIdOf } from "./trace-record.js";
import type { TraceRecord, TraceSummary } from "./trace-record.js";
import type { TraceStoreLimits } from "./trace-store.js";
import type { Arrival } from "./views.js";

/** A change of the inbox. */
export interface InboxChange {
  readonly arrivals: readonly Arrival[];
  /** Ids of traces with new arrivals. */
  readonly changed: ReadonlySet<string>;
  /** Ids of evicted traces. */
  readonly evicted: readonly string[];
  /** True if the inbox was cleared. */
  readonly isCleared: boolean;
}

/** Counts of the content of an inbox. */
export interface InboxCounts {
  readonly logs: number;
  readonly checkIns: number;
  readonly metrics: number;
  /** Items dropped by SDKs, from their client reports. */
  readonly dropped: number;
  readonly refused: number;
  readonly evicted: number;
  readonly omitted: number;
}

/** Stores received envelopes, within bounds, for the terminal and the page. */
export class Inbox {
  readonly #traces: TraceStore;
  readonly #tallies = new TallyStore();
  readonly #repeated = new RepeatedEvents();
  readonly #listeners = new Set<(change: InboxChange) => void>();

  constructor(limits: TraceStoreLimits = {}) {
    this.#traces = new TraceStore(limits);
  }

  /** Calls the listener after each change. */
  watch(listener: (change: InboxChange) => void): void {
    this.#listeners.add(listener);
  }

  /** Adds the content of an envelope. */
  receive(envelope: ReadEnvelope): void {
    const sized = readArrivals(envelope).map(({ arrival, bytes }) => ({
      arrival: this.#repeated.check(arrival),
      bytes,
    }));
    const evicted = sized.flatMap(({ arrival, bytes }) => {
      this.#tallies.add(arrival);
      return this.#traces.add(arrival, bytes);
    });
    const arrivals = sized.map(({ arrival }) => arrival);
    const changed = new Set(arrivals.map(traceIdOf).filter((id) => id !== ""));
    this.#notify({ arrivals, changed, evicted, isCleared: false });
  }

  /** Stores the reason why an envelope was refused. */
  refuse(reason: string): void {
    this.#tallies.refuse(reason);
    this.#notify({ arrivals: [], changed: new Set(), evicted: [], isCleared: false });
  }

  /** Removes everything. */
  clear(): void {
    this.#traces.clear();
    this.#tallies.clear();
    this.#repeated.clear();
    this.#notify({ arrivals: [], changed: new Set(), evicted: [], isCleared: true });
  }

  trace(id: string): TraceRecord | undefined {
    return this.#traces.trace(id);
  }

  summary(id: string): TraceSummary | undefined {
    return this.#traces.summary(id);
  }

  /** Returns the summaries of all traces, oldest first. */
  summaries(): TraceSummary[] {
    return this.#traces.summaries();
  }

  tallies(): Tallies {
    return this.#tallies.list();
  }

  counts(): InboxCounts {
    const { logs, checkIns, metrics, drops, refusals } = this.#tallies.list();
    return {
      logs: logs.length,
      checkIns: checkIns.length,
      metrics: metrics.length,
      dropped: drops.reduce((sum, { quantity }) => sum + quantity, 0),
      refused: refusals.length,
      evicted: this.#traces.evicted,
      omitted: this.#traces.omitted,
    };
  }

  #notify(change: InboxChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
