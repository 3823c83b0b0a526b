import type { ReceivedError, ReceivedTransaction } from "../testing/received.js";

/** An event of a trace. */
export type TracePart =
  | { readonly transaction: ReceivedTransaction }
  | { readonly error: ReceivedError };

/** What has come of one trace. */
export interface ReceivedTrace {
  readonly traceId: string;
  readonly transactions: readonly ReceivedTransaction[];
  readonly errors: readonly ReceivedError[];
}

/** Settings of `TraceGroups`. */
export interface TraceGroupsSettings {
  readonly print: (trace: ReceivedTrace) => void;
  /** Returns what cancels it. Default: `setTimeout`. */
  readonly setTimer?: (run: () => void, millis: number) => () => void;
}

/** How long nothing may come of a trace before it is printed. */
export const QUIET_MILLIS = 500;

/** Traces that wait at a time, and events of one trace: beyond that, they are printed at once. */
export const MAX_TRACES = 100;
export const MAX_PARTS = 100;

interface Group {
  readonly parts: TracePart[];
  cancel: () => void;
}

/** Puts the events of a trace together that several services send, each when it is done. */
export class TraceGroups {
  readonly #print: (trace: ReceivedTrace) => void;
  readonly #setTimer: (run: () => void, millis: number) => () => void;
  readonly #groups = new Map<string, Group>();

  constructor({ print, setTimer = setTimeoutTimer }: TraceGroupsSettings) {
    this.#print = print;
    this.#setTimer = setTimer;
  }

  /** Takes an event; the trace is printed when it has been quiet for a while. */
  add(part: TracePart): void {
    const traceId = traceIdOf(part);
    const group = this.#groups.get(traceId) ?? this.#open(traceId);
    group.parts.push(part);
    group.cancel();
    if (group.parts.length >= MAX_PARTS) this.#close(traceId);
    else group.cancel = this.#setTimer(() => this.#close(traceId), QUIET_MILLIS);
  }

  /** Prints all that waits. */
  flush(): void {
    for (const traceId of this.#groups.keys()) this.#close(traceId);
  }

  #open(traceId: string): Group {
    const [oldest] = this.#groups.keys();
    if (this.#groups.size >= MAX_TRACES && oldest !== undefined) this.#close(oldest);
    const group: Group = { parts: [], cancel: () => {} };
    this.#groups.set(traceId, group);
    return group;
  }

  #close(traceId: string): void {
    const group = this.#groups.get(traceId);
    if (group === undefined) return;
    this.#groups.delete(traceId);
    group.cancel();
    this.#print({
      traceId,
      transactions: group.parts.flatMap((part) =>
        "transaction" in part ? [part.transaction] : [],
      ),
      errors: group.parts.flatMap((part) => ("error" in part ? [part.error] : [])),
    });
  }
}

function traceIdOf(part: TracePart): string {
  const { contexts } = "transaction" in part ? part.transaction : part.error;
  return contexts?.trace?.trace_id ?? "";
}

function setTimeoutTimer(run: () => void, millis: number): () => void {
  const timer = setTimeout(run, millis);
  return () => clearTimeout(timer);
}
