import { addTo, emptyRecord, traceIdOf } from "../inbox/trace-record.js";
import type { TraceRecord } from "../inbox/trace-record.js";
import type { Arrival, ErrorView } from "../inbox/views.js";

/** Settings of `TraceGroups`. */
export interface TraceGroupsSettings {
  readonly print: (trace: TraceRecord) => void;
  /** Returns a function that cancels it. Default: `setTimeout`. */
  readonly setTimer?: (run: () => void, millis: number) => () => void;
}

/** How long a trace must be quiet before it is printed. */
export const QUIET_MILLIS = 500;

/** How long an error waits for the first spans of its trace; a request takes its time after its error. */
export const ERROR_MILLIS = 2000;

/** Traces that wait at a time, and arrivals of one trace: beyond that, they are printed at once. */
export const MAX_WAITING_TRACES = 100;
export const MAX_PARTS = 100;

/** Traces whose errors were printed before their spans, and such errors of one trace. */
const MAX_EARLY_TRACES = 100;
const MAX_EARLY_ERRORS = 10;

interface Group {
  readonly record: TraceRecord;
  parts: number;
  cancel: () => void;
}

/** Groups the spans and errors of a trace, which several services send, each when it is done. */
export class TraceGroups {
  readonly #print: (trace: TraceRecord) => void;
  readonly #setTimer: (run: () => void, millis: number) => () => void;
  readonly #groups = new Map<string, Group>();
  // Errors that were printed alone: they are printed again with their trace.
  readonly #early = new Map<string, readonly ErrorView[]>();

  constructor({ print, setTimer = setTimeoutTimer }: TraceGroupsSettings) {
    this.#print = print;
    this.#setTimer = setTimer;
  }

  /** Takes an arrival; its trace is printed when it has been quiet for a while. */
  add(arrival: Arrival): void {
    const traceId = traceIdOf(arrival);
    const group = this.#groups.get(traceId) ?? this.#open(traceId);
    addTo(group.record, arrival);
    group.parts += 1;
    group.cancel();
    const millis = group.record.spans.length === 0 ? ERROR_MILLIS : QUIET_MILLIS;
    if (group.parts >= MAX_PARTS) this.#close(traceId);
    else group.cancel = this.#setTimer(() => this.#close(traceId), millis);
  }

  /** Prints every trace that waits. */
  flush(): void {
    for (const traceId of this.#groups.keys()) this.#close(traceId);
  }

  #open(traceId: string): Group {
    const [oldest] = this.#groups.keys();
    if (this.#groups.size >= MAX_WAITING_TRACES && oldest !== undefined) this.#close(oldest);
    const group: Group = { record: emptyRecord(traceId), parts: 0, cancel: () => {} };
    this.#groups.set(traceId, group);
    return group;
  }

  #close(traceId: string): void {
    const group = this.#groups.get(traceId);
    if (group === undefined) return;
    this.#groups.delete(traceId);
    group.cancel();
    const { record } = group;
    const early = this.#early.get(traceId) ?? [];
    const errors = [...early, ...record.errors];
    this.#early.delete(traceId);
    if (record.spans.length === 0) this.#remember(traceId, errors);
    this.#print(record.spans.length === 0 ? record : { ...record, errors });
  }

  #remember(traceId: string, errors: readonly ErrorView[]): void {
    this.#early.set(traceId, errors.slice(0, MAX_EARLY_ERRORS));
    const [oldest] = this.#early.keys();
    if (this.#early.size > MAX_EARLY_TRACES && oldest !== undefined) this.#early.delete(oldest);
  }
}

function setTimeoutTimer(run: () => void, millis: number): () => void {
  const timer = setTimeout(run, millis);
  return () => clearTimeout(timer);
}
