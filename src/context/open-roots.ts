import type { IncomingTrace } from "../trace/headers.js";
import { setNewest } from "../support/collections.js";
import type { Unit } from "../scope/unit.js";
import type { SpanIdentity } from "../trace/span.js";

/** Traces with open roots that can be found; the first one is forgotten. */
export const MAX_TRACES = 10_000;

/**
 * Traces that share a weak reference. One for each takes 0.6 µs, more than all the rest of this file; a root that never
 * ends is now held as long as one that began at about its time is open.
 */
export const FORGOTTEN_AT_ONCE = 8;

/** Ids of one trace that are told apart. */
const MAX_IDS = 10_000;

const SAMPLED = 1;

type RootScopes = Pick<OpenRoot, "incoming" | "unit">;

/** A local root whose segment is not complete yet. */
export interface OpenRoot {
  readonly trace: OpenTrace;
  readonly spanId: string;
  readonly unit: Unit;
  /** The trace as the sender of its request described it. */
  readonly incoming: IncomingTrace | undefined;
  /** Ids of its spans; absent for the first root of its trace, to which all other ids belong. */
  readonly ids: Set<string> | undefined;
  /** How many processors have a segment of it that is not complete. */
  segments: number;
}

/** The open roots of one trace. */
export interface OpenTrace {
  readonly traceId: string;
  readonly batch: Batch;
  /** The root that began while no other was open in the trace. */
  first: OpenRoot | undefined;
  /** Those that began beside it, by the ids of all their spans. */
  others: Map<string, OpenRoot> | undefined;
  open: number;
}

/** Traces whose roots began one after the other. Only those roots refer to it strongly. */
class Batch {
  readonly ref: WeakRef<Batch> = new WeakRef(this);
  readonly traces: OpenTrace[] = [];
  /** How many traces it has had. */
  size: number = 0;
}

/**
 * The open local roots of the process by trace id, for spans and scopes whose parent is known by its ids alone.
 * Written once per root.
 */
export class OpenRoots {
  readonly #batches = new Map<string, WeakRef<Batch>>();
  /** Being filled; held until it is full. */
  #batch = new Batch();

  /** A processor has begun the segment of a root. */
  begin({ traceId, spanId }: SpanIdentity, { unit, incoming }: RootScopes): OpenRoot {
    const trace = this.#traceOf(traceId) ?? this.#beginTrace(traceId);
    const known = rootNamed(trace, spanId);
    if (known?.unit === unit) {
      known.segments += 1;
      return known;
    }
    // Only where several roots of a trace are open at once (a service that calls itself), ids are noted.
    const ids = trace.open === 0 ? undefined : new Set<string>();
    const root: OpenRoot = { trace, spanId, unit, incoming, ids, segments: 1 };
    trace.open += 1;
    if (ids === undefined) trace.first = root;
    else this.note(root, spanId);
    return root;
  }

  /** Notes a span of a root that began beside another one. */
  note(root: OpenRoot, spanId: string): void {
    if (root.ids === undefined) return;
    const others = (root.trace.others ??= new Map<string, OpenRoot>());
    if (others.size >= MAX_IDS) return;
    root.ids.add(spanId);
    others.set(spanId, root);
  }

  /** The open root that a span of this process belongs to; `undefined` if that cannot be told. */
  find({ traceId, spanId, traceFlags, isRemote }: SpanIdentity): OpenRoot | undefined {
    if (isRemote === true) return undefined;
    const trace = this.#traceOf(traceId);
    if (trace === undefined) return undefined;
    const named = rootNamed(trace, spanId);
    if (named !== undefined) return named;
    // A span that is not sampled was never seen. It may belong to a request of the trace that is not recorded.
    const isKnown = (traceFlags & SAMPLED) !== 0 && (trace.others?.size ?? 0) < MAX_IDS;
    return isKnown ? trace.first : undefined;
  }

  /** The trace as its sender described it, as far as its open roots know. */
  incomingOf(traceId: string): IncomingTrace | undefined {
    const trace = this.#traceOf(traceId);
    if (trace?.first?.incoming !== undefined) return trace.first.incoming;
    for (const root of trace?.others?.values() ?? [])
      if (root.incoming !== undefined) return root.incoming;
    return undefined;
  }

  /** A segment of the root is complete. */
  end(root: OpenRoot): void {
    root.segments -= 1;
    if (root.segments > 0) return;
    const { trace } = root;
    if (trace.first === root) trace.first = undefined;
    for (const id of root.ids ?? []) trace.others?.delete(id);
    trace.open -= 1;
    if (trace.open <= 0) this.#forget(trace);
  }

  /** How many traces have open roots, or had some that never ended. */
  get size(): number {
    return this.#batches.size;
  }

  #traceOf(traceId: string): OpenTrace | undefined {
    const batch = this.#batches.get(traceId)?.deref();
    return batch?.traces.find((trace) => trace.traceId === traceId);
  }

  #beginTrace(traceId: string): OpenTrace {
    if (this.#batch.size >= FORGOTTEN_AT_ONCE) this.#batch = new Batch();
    const batch = this.#batch;
    const trace: OpenTrace = { traceId, batch, first: undefined, others: undefined, open: 0 };
    batch.size += 1;
    batch.traces.push(trace);
    setNewest(this.#batches, [traceId, batch.ref], MAX_TRACES);
    return trace;
  }

  #forget(trace: OpenTrace): void {
    const { traceId, batch } = trace;
    const index = batch.traces.indexOf(trace);
    if (index >= 0) batch.traces.splice(index, 1);
    if (this.#batches.get(traceId) === batch.ref) this.#batches.delete(traceId);
  }
}

function rootNamed({ first, others }: OpenTrace, spanId: string): OpenRoot | undefined {
  return first?.spanId === spanId ? first : others?.get(spanId);
}
