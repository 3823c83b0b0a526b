import type { SpanContext } from "@opentelemetry/api";

import type { IncomingTrace } from "../trace/headers.js";
import { BoundedMap } from "../support/collections.js";
import type { Unit } from "../scope/unit.js";

/** Traces with open roots that can be found by id. Over the limit, the oldest is evicted. */
export const MAX_TRACES = 10_000;

/**
 * Open traces that share a `WeakRef`, which takes 1.5 µs. The disadvantage: a root that never ends stays in memory as long as
 * another one of its batch is open.
 */
export const TRACES_PER_BATCH = 32;

/** Traces that are added to a batch, including those that were removed. A root that never ends stays in memory until then. */
const ADDED_PER_BATCH = 256;

/** Span ids that are kept per trace with several open roots. */
const MAX_IDS = 10_000;

const SAMPLED = 1;

type RootScopes = Pick<OpenRoot, "incoming" | "unit">;

// Classes, because V8 allocates literals that often survive a collection in the old generation (`scope-data`, `TrailNode`).

/** A local root whose segment is not complete yet. */
export class OpenRoot {
  readonly trace: OpenTrace;
  readonly spanId: string;
  readonly unit: Unit;
  /** Trace headers of its request. */
  readonly incoming: IncomingTrace | undefined;
  /** Ids of its spans; undefined for the first root of its trace, to which all ids belong that no other root has. */
  readonly ids: Set<string> | undefined;
  /** Number of processors with an incomplete segment of the root. */
  segments: number = 1;

  constructor(trace: OpenTrace, spanId: string, { unit, incoming }: RootScopes) {
    this.trace = trace;
    this.spanId = spanId;
    this.unit = unit;
    this.incoming = incoming;
    // Span ids are kept only if several roots of a trace are open at once, as in a service that calls itself.
    this.ids = trace.open === 0 ? undefined : new Set<string>();
  }
}

/** The open roots of one trace. */
export class OpenTrace {
  readonly traceId: string;
  readonly batch: Batch;
  /** The root that began while no other root of the trace was open. */
  first: OpenRoot | undefined = undefined;
  /** Roots that began while another one was open, by the ids of all their spans. */
  others: Map<string, OpenRoot> | undefined = undefined;
  open: number = 0;

  constructor(traceId: string, batch: Batch) {
    this.traceId = traceId;
    this.batch = batch;
  }
}

/** Open traces whose roots began one after the other. Once it is full, only these roots refer to it strongly. */
class Batch {
  readonly traces: OpenTrace[] = [];
  /** Number of traces that were added, including those that were removed. */
  added: number = 0;
  /** Its entry in the index; undefined until it is full. */
  ref: WeakRef<Batch> | undefined = undefined;

  get isFull(): boolean {
    return this.traces.length >= TRACES_PER_BATCH || this.added >= ADDED_PER_BATCH;
  }

  find(traceId: string): OpenTrace | undefined {
    for (const trace of this.traces) if (trace.traceId === traceId) return trace;
    return undefined;
  }
}

/**
 * The open local roots of the process by trace id, for spans and scopes whose parent is known by its ids only. Written
 * once per root.
 */
export class OpenRoots {
  /** Full batches by the traces that were open then. Most traces end before: a map entry takes more than all else here. */
  readonly #full = new BoundedMap<string, WeakRef<Batch>>(MAX_TRACES - TRACES_PER_BATCH);
  /** Batch for new traces. */
  #batch = new Batch();

  /** Adds a root whose segment a processor has begun. */
  begin({ traceId, spanId }: SpanContext, scopes: RootScopes): OpenRoot {
    const trace = this.#traceOf(traceId) ?? this.#beginTrace(traceId);
    const known = rootNamed(trace, spanId);
    if (known?.unit === scopes.unit) {
      known.segments += 1;
      return known;
    }
    const root = new OpenRoot(trace, spanId, scopes);
    trace.open += 1;
    if (root.ids === undefined) trace.first = root;
    else this.note(root, spanId);
    return root;
  }

  /** Adds a span's id to a root that began while another one was open; does nothing for the first root. */
  note(root: OpenRoot, spanId: string): void {
    if (root.ids === undefined) return;
    const others = (root.trace.others ??= new Map<string, OpenRoot>());
    if (others.size >= MAX_IDS) return;
    root.ids.add(spanId);
    others.set(spanId, root);
  }

  /** Returns the open root that a span of this process belongs to; undefined if that is not known. */
  find({ traceId, spanId, traceFlags, isRemote }: SpanContext): OpenRoot | undefined {
    if (isRemote === true) return undefined;
    const trace = this.#traceOf(traceId);
    if (trace === undefined) return undefined;
    const named = rootNamed(trace, spanId);
    if (named !== undefined) return named;
    // Unsampled spans are not added, so an unsampled span may belong to an unrecorded request of the same trace.
    const isKnown = (traceFlags & SAMPLED) !== 0 && (trace.others?.size ?? 0) < MAX_IDS;
    return isKnown ? trace.first : undefined;
  }

  /** Returns the trace headers that an open root of the trace was started with. */
  incomingOf(traceId: string): IncomingTrace | undefined {
    const trace = this.#traceOf(traceId);
    if (trace?.first?.incoming !== undefined) return trace.first.incoming;
    for (const root of trace?.others?.values() ?? [])
      if (root.incoming !== undefined) return root.incoming;
    return undefined;
  }

  /** Removes the root once all its segments are complete. */
  end(root: OpenRoot): void {
    root.segments -= 1;
    if (root.segments > 0) return;
    const { trace } = root;
    if (trace.first === root) trace.first = undefined;
    for (const id of root.ids ?? []) trace.others?.delete(id);
    trace.open -= 1;
    if (trace.open <= 0) this.#forget(trace);
  }

  /** Number of traces with open roots, or with roots that were never ended. */
  get size(): number {
    return this.#full.size + this.#batch.traces.length;
  }

  #traceOf(traceId: string): OpenTrace | undefined {
    const trace = this.#batch.find(traceId);
    if (trace !== undefined || this.#full.size === 0) return trace;
    return this.#full.get(traceId)?.deref()?.find(traceId);
  }

  #beginTrace(traceId: string): OpenTrace {
    if (this.#batch.isFull) this.#beginBatch();
    const batch = this.#batch;
    const trace = new OpenTrace(traceId, batch);
    batch.added += 1;
    batch.traces.push(trace);
    return trace;
  }

  #beginBatch(): void {
    const full = this.#batch;
    full.ref = new WeakRef(full);
    for (const { traceId } of full.traces) this.#full.setNewest(traceId, full.ref);
    this.#batch = new Batch();
  }

  #forget(trace: OpenTrace): void {
    const { traceId, batch } = trace;
    removeUnordered(batch.traces, trace);
    if (batch.ref !== undefined && this.#full.get(traceId) === batch.ref)
      this.#full.delete(traceId);
  }
}

// Moves the last entry to the place of the removed one, because `splice` creates an array of what it removes.
function removeUnordered<T>(list: T[], entry: T): void {
  const index = list.indexOf(entry);
  const last = index < 0 ? undefined : list.pop();
  if (last !== undefined && last !== entry) list[index] = last;
}

function rootNamed({ first, others }: OpenTrace, spanId: string): OpenRoot | undefined {
  return first?.spanId === spanId ? first : others?.get(spanId);
}

// Shared by all processors and all copies of the package, so that they agree on a span's unit of work.
const SLOT = Symbol.for("otel-sentry-bridge.open-roots.v1");

const carrier: typeof globalThis & { [SLOT]?: OpenRoots } = globalThis;

/** The open local roots of the process. */
export const openRoots: OpenRoots = (carrier[SLOT] ??= new OpenRoots());
