import type { ReadEnvelope } from "../testing/envelope-reader.js";
import { readArrivals } from "./read-envelope.js";
import { RepeatedEvents } from "./repeated-events.js";
import { TallyBook } from "./tallies.js";
import type { Tallies } from "./tallies.js";
import { traceIdOf } from "./trace-record.js";
import type { TraceRecord, TraceSummary } from "./trace-record.js";
import { TraceStore } from "./trace-store.js";
import type { TraceStoreLimits } from "./trace-store.js";
import type { Arrival } from "./views.js";

/** A change of an inbox. */
export interface InboxChange {
  readonly arrivals: readonly Arrival[];
  /** Traces of which something arrived. */
  readonly changed: ReadonlySet<string>;
  /** Traces that are no longer kept. */
  readonly evicted: readonly string[];
  /** True where the inbox was emptied. */
  readonly isCleared: boolean;
}

/** Numbers of an inbox's content. */
export interface InboxCounts {
  readonly logs: number;
  readonly checkIns: number;
  readonly metrics: number;
  /** Items that SDKs did not send, by their own account. */
  readonly dropped: number;
  readonly refused: number;
  readonly evicted: number;
  readonly omitted: number;
}

/** Keeps what was sent, within bounds, for the terminal and the page. */
export class Inbox {
  readonly #traces: TraceStore;
  readonly #tallies = new TallyBook();
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
    this.#tell({ arrivals, changed, evicted, isCleared: false });
  }

  /** Keeps why an envelope was refused. */
  refuse(reason: string): void {
    this.#tallies.refuse(reason);
    this.#tell({ arrivals: [], changed: new Set(), evicted: [], isCleared: false });
  }

  /** Forgets everything. */
  clear(): void {
    this.#traces.clear();
    this.#tallies.clear();
    this.#repeated.clear();
    this.#tell({ arrivals: [], changed: new Set(), evicted: [], isCleared: true });
  }

  trace(id: string): TraceRecord | undefined {
    return this.#traces.trace(id);
  }

  summary(id: string): TraceSummary | undefined {
    return this.#traces.summary(id);
  }

  /** The lines of the list of traces, oldest first. */
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

  #tell(change: InboxChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
