import { systemTimers } from "../support/time.js";
import type { StartTimer } from "../support/time.js";
import { BoundedMap } from "../support/collections.js";
import { addTo, emptyRecord, traceIdOf } from "../inbox/trace-record.js";
import type { TraceRecord } from "../inbox/trace-record.js";
import type { Arrival, ErrorView } from "../inbox/views.js";

/** Options of `TraceGroups`. */
interface TraceGroupsSettings {
  readonly print: (trace: TraceRecord) => void;
  /** Default: timers that keep the process alive. */
  readonly startTimer?: StartTimer;
}

/** A trace is printed if nothing has arrived for it for this time. */
export const QUIET_MILLIS = 500;

/** How long an error waits for the first spans of its trace: a request may continue after its error. */
export const ERROR_MILLIS = 2000;

/** Limits of waiting traces, and of arrivals per trace. If a limit is exceeded, traces are printed at once. */
export const MAX_WAITING_TRACES = 100;
export const MAX_WAITING_ARRIVALS = 100;

/** Limits of traces whose errors were printed before their spans, and of such errors per trace. */
const MAX_EARLY_TRACES = 100;
const MAX_EARLY_ERRORS = 10;

interface Group {
  readonly record: TraceRecord;
  arrivals: number;
  cancel: () => void;
}

/** Groups the spans and errors of each trace, because several services send their parts at different times. */
export class TraceGroups {
  readonly #print: (trace: TraceRecord) => void;
  readonly #startTimer: StartTimer;
  readonly #groups = new BoundedMap<string, Group>(MAX_WAITING_TRACES, (group, traceId) =>
    this.#end(traceId, group),
  );
  // Errors that were printed without spans; they are printed again with their trace.
  readonly #early = new BoundedMap<string, readonly ErrorView[]>(MAX_EARLY_TRACES);

  constructor({ print, startTimer = systemTimers.after }: TraceGroupsSettings) {
    this.#print = print;
    this.#startTimer = startTimer;
  }

  /** Adds an arrival to its trace. The trace is printed after `QUIET_MILLIS` without an arrival. */
  add(arrival: Arrival): void {
    const traceId = traceIdOf(arrival);
    const group = this.#groups.get(traceId) ?? this.#open(traceId);
    addTo(group.record, arrival);
    group.arrivals += 1;
    group.cancel();
    const millis = group.record.spans.length === 0 ? ERROR_MILLIS : QUIET_MILLIS;
    if (group.arrivals >= MAX_WAITING_ARRIVALS) this.#close(traceId);
    else group.cancel = this.#startTimer(millis, () => this.#close(traceId));
  }

  /** Prints all waiting traces. */
  flush(): void {
    for (const traceId of this.#groups.keys()) this.#close(traceId);
  }

  #open(traceId: string): Group {
    const group: Group = { record: emptyRecord(traceId), arrivals: 0, cancel: () => {} };
    this.#groups.set(traceId, group);
    return group;
  }

  #close(traceId: string): void {
    const group = this.#groups.get(traceId);
    if (group === undefined) return;
    this.#groups.delete(traceId);
    this.#end(traceId, group);
  }

  #end(traceId: string, { record, cancel }: Group): void {
    cancel();
    const early = this.#early.get(traceId) ?? [];
    const errors = [...early, ...record.errors];
    this.#early.delete(traceId);
    if (record.spans.length === 0) this.#remember(traceId, errors);
    this.#print(record.spans.length === 0 ? record : { ...record, errors });
  }

  #remember(traceId: string, errors: readonly ErrorView[]): void {
    this.#early.setNewest(traceId, errors.slice(0, MAX_EARLY_ERRORS));
  }
}
