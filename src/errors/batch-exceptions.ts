import { isAncestor } from "../context/failure-path.js";
import type { PathNode } from "../context/failure-path.js";
import { stopsFailures } from "../semantics/failures.js";
import { attempt } from "../support/foreign.js";
import { BoundedMap } from "../support/collections.js";
import { hasEvents, localParentId } from "../trace/span.js";
import type { FinishedSpan } from "../trace/span.js";
import type { FoundException, RootOutcome } from "./choose-exceptions.js";
import { spanExceptionsOf } from "./recorded-exceptions.js";
import type { SpanException } from "./recorded-exceptions.js";
import type { ExceptionReporting } from "./root-exceptions.js";
import { RootExceptions } from "./root-exceptions.js";
import { rootOutcomeOf } from "./span-exceptions.js";

/** Traces whose roots are remembered for children that are exported later; the oldest is evicted. */
const MAX_TRACES = 10_000;

/** Interval of checks of all waiting traces, of which each takes about 4 µs. */
const CHECK_MILLIS = 1000;

/** Local roots remembered per trace. */
const MAX_ROOTS = 10;

/**
 * Reports the exceptions of exported spans. Like `ProcessorExceptions`, but for spans that arrive finished and in any
 * order.
 */
export class BatchExceptions {
  readonly #reporting: ExceptionReporting;
  readonly #rootsByTrace = new BoundedMap<string, EndedRoot[]>(MAX_TRACES);
  /** Traces with exceptions whose local roots have not been exported yet. */
  readonly #waiting = new Map<string, TraceExceptions>();
  readonly #nowMillis: () => number;
  /** When all waiting traces were last checked. */
  #checkedMillis = 0;

  constructor(reporting: ExceptionReporting, nowMillis: () => number = () => performance.now()) {
    this.#reporting = reporting;
    this.#nowMillis = nowMillis;
  }

  /** Adds a batch of finished spans, and reports the exceptions whose local roots are known now. */
  accept(spans: readonly FinishedSpan[]): void {
    const readable = spans.filter((span) => attempt(() => this.#noteRoot(span), false));
    const withEvents = readable.filter((span) => attempt(() => hasEvents(span), false));
    if (withEvents.length === 0 && this.#waiting.size === 0) return;
    for (const span of withEvents) this.#add(span);
    const nowMillis = this.#nowMillis();
    for (const [traceId, spansOfTrace] of this.#spansOfWaiting(readable))
      this.#decide(traceId, spansOfTrace, nowMillis);
    // Without new spans, only time decides about a trace.
    if (nowMillis - this.#checkedMillis < CHECK_MILLIS) return;
    this.#checkedMillis = nowMillis;
    for (const traceId of this.#waiting.keys()) this.#decide(traceId, [], nowMillis);
  }

  #decide(traceId: string, spans: readonly FinishedSpan[], nowMillis: number): void {
    const trace = this.#waiting.get(traceId);
    trace?.decide(spans, nowMillis);
    if (trace?.isEmpty === true) this.#waiting.delete(traceId);
  }

  /** Reports the exceptions that wait for a local root. Later exceptions are reported as soon as they arrive. */
  end(): void {
    this.#reporting.waiting.end();
  }

  #spansOfWaiting(spans: readonly FinishedSpan[]): Map<string, FinishedSpan[]> {
    const byTrace = new Map<string, FinishedSpan[]>();
    for (const span of spans) {
      const { traceId } = span.spanContext();
      if (!this.#waiting.has(traceId)) continue;
      const others = byTrace.get(traceId);
      if (others === undefined) byTrace.set(traceId, [span]);
      else others.push(span);
    }
    return byTrace;
  }

  #noteRoot(span: FinishedSpan): boolean {
    const { traceId, spanId } = span.spanContext();
    if (localParentId(span) !== undefined) return true;
    const roots = this.#rootsByTrace.get(traceId) ?? [];
    const newest = [...roots, { spanId, outcome: rootOutcomeOf(span) }].slice(-MAX_ROOTS);
    this.#rootsByTrace.setNewest(traceId, newest);
    return true;
  }

  #add(span: FinishedSpan): void {
    const exceptions = attempt(() => spanExceptionsOf(span), []);
    if (exceptions.length === 0) return;
    const { traceId } = span.spanContext();
    const trace =
      this.#waiting.get(traceId) ??
      new TraceExceptions(
        this.#reporting,
        () => this.#rootsByTrace.get(traceId) ?? [],
        this.#nowMillis(),
      );
    this.#waiting.set(traceId, trace);
    trace.add(span, exceptions);
  }
}

/** A local root that has been exported. */
interface EndedRoot {
  readonly spanId: string;
  readonly outcome: RootOutcome;
  /** Undefined until the root or a descendant has an exception. */
  exceptions?: RootExceptions;
}

/** How long spans and exceptions wait for their local root: four times the default delay of a batch processor (5 seconds). */
export const MAX_ROOT_WAIT_MILLIS = 20_000;

/** The exceptions of one trace that wait for their local roots. A trace may have several local roots in one process. */
class TraceExceptions {
  readonly #reporting: ExceptionReporting;
  readonly #roots: () => readonly EndedRoot[];
  readonly #paths = new BatchPaths();
  readonly #waiting: RootExceptions;
  readonly #sinceMillis: number;

  /** `roots` returns the local roots of the trace that have been exported so far. */
  constructor(reporting: ExceptionReporting, roots: () => readonly EndedRoot[], nowMillis: number) {
    this.#reporting = reporting;
    this.#roots = roots;
    this.#sinceMillis = nowMillis;
    this.#waiting = new RootExceptions(reporting, () => outcomeOfAll(roots()));
  }

  get isEmpty(): boolean {
    return this.#waiting.waiting.length === 0;
  }

  /** Adds the exceptions of a span, to be decided by the next call of `decide`. */
  add(span: FinishedSpan, exceptions: readonly SpanException[]): void {
    const path = this.#paths.of(span);
    this.#waiting.add(exceptions.map((each) => ({ ...each, span: path })));
  }

  /** Reports the exceptions whose local roots are known, given further spans of the trace. */
  decide(spans: readonly FinishedSpan[], nowMillis: number): void {
    const spanById = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    const byRoot = new Map<EndedRoot, Set<FoundException>>();
    for (const each of this.#waiting.waiting) {
      const top = this.#paths.climb(pathOf(each), spanById);
      const root = this.#rootOf(top) ?? this.#likelyRoot(nowMillis);
      if (root !== undefined) byRoot.set(root, (byRoot.get(root) ?? new Set()).add(each));
    }
    for (const [root, found] of byRoot) this.#assign(root, found);
    this.#waiting.decide();
  }

  #assign(root: EndedRoot, found: ReadonlySet<FoundException>): void {
    for (const each of found) setDepths(pathOf(each));
    root.exceptions ??= new RootExceptions(this.#reporting, () => root.outcome);
    root.exceptions.add(this.#waiting.take((each) => found.has(each)));
    root.exceptions.decide(root.outcome);
  }

  #rootOf({ spanId, parentId = spanId }: BatchNode): EndedRoot | undefined {
    return this.#roots().find((root) => root.spanId === parentId);
  }

  // Called if a span between the exception and its root was in an earlier batch, or is never exported.
  #likelyRoot(nowMillis: number): EndedRoot | undefined {
    if (nowMillis - this.#sinceMillis < MAX_ROOT_WAIT_MILLIS) return undefined;
    return this.#roots().findLast(({ outcome }) => outcome === "failed") ?? this.#roots().at(-1);
  }
}

function pathOf({ span }: FoundException): BatchNode {
  return span as BatchNode;
}

function outcomeOfAll(roots: readonly EndedRoot[]): RootOutcome {
  const failed = roots.find(({ outcome }) => outcome === "failed");
  return failed?.outcome ?? roots[0]?.outcome ?? "open";
}

/** A finished span on the path from an exception to its local root. */
interface BatchNode extends PathNode {
  depth: number;
  above: BatchNode | undefined;
  readonly spanId: string;
  /** Undefined for a local root. */
  readonly parentId: string | undefined;
}

/** The paths from one trace's exceptions to their local roots. Spans arrive in batches and in any order. */
class BatchPaths {
  readonly #byId = new Map<string, BatchNode>();

  /** Returns the path node of the span. `climb` links its ancestors. */
  of(span: FinishedSpan): BatchNode {
    const { spanId } = span.spanContext();
    const known = this.#byId.get(spanId);
    if (known !== undefined) return known;
    const parentId = localParentId(span);
    const made: BatchNode = {
      spanId,
      parentId,
      depth: 0,
      above: undefined,
      hasEnded: true,
      stopsFailures: parentId !== undefined && attempt(() => stopsFailures(span), false),
    };
    this.#byId.set(spanId, made);
    return made;
  }

  /** Links the ancestors that have arrived, and returns the highest of them. */
  climb(from: BatchNode, spanById: ReadonlyMap<string, FinishedSpan>): BatchNode {
    let top = from;
    for (;;) {
      top.above ??= this.#parentOf(top, spanById);
      if (top.above === undefined) return top;
      top = top.above;
    }
  }

  // Hand-made spans may be each other's parents: a cycle must not be linked.
  #parentOf(child: BatchNode, spanById: ReadonlyMap<string, FinishedSpan>): BatchNode | undefined {
    if (child.parentId === undefined) return undefined;
    const span = spanById.get(child.parentId);
    const parent = span === undefined ? this.#byId.get(child.parentId) : this.of(span);
    if (parent === undefined || parent === child || isAncestor(child, parent)) return undefined;
    return parent;
  }
}

/** Sets the depths on a path whose highest span is the local root, or a child of a root that was exported before. */
function setDepths(span: BatchNode): void {
  const path: BatchNode[] = [];
  for (let each: BatchNode | undefined = span; each !== undefined; each = each.above)
    path.push(each);
  const first = path.at(-1)?.parentId === undefined ? 0 : 1;
  path.toReversed().forEach((each, index) => {
    each.depth = first + index;
  });
}
