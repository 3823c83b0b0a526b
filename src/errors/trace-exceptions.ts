import type { FinishedSpan } from "../trace/finished-span.js";
import { BatchPaths, numberPath } from "./batch-paths.js";
import type { BatchSpan } from "./batch-paths.js";
import type { FoundException, RootOutcome } from "./choose-exceptions.js";
import type { SpanException } from "./recorded-exceptions.js";
import { RootExceptions } from "./root-exceptions.js";
import type { ExceptionSink } from "./root-exceptions.js";

/** A local root that has come. */
export interface EndedRoot {
  readonly spanId: string;
  readonly outcome: RootOutcome;
  /** Its exceptions, once it has any. */
  exceptions?: RootExceptions;
}

/** How long spans and exceptions wait for their local root: the batches of a batch processor come 5 seconds apart. */
export const MAX_ROOT_WAIT_MILLIS = 20_000;

/** The exceptions of one trace whose roots have not come. A trace may have several local roots in a process. */
export class TraceExceptions {
  readonly #sink: ExceptionSink;
  readonly #roots: () => readonly EndedRoot[];
  readonly #paths = new BatchPaths();
  readonly #waiting: RootExceptions;
  readonly #sinceMillis: number;

  /** `roots`: those of the trace that have come. */
  constructor(sink: ExceptionSink, roots: () => readonly EndedRoot[], nowMillis: number) {
    this.#sink = sink;
    this.#roots = roots;
    this.#sinceMillis = nowMillis;
    this.#waiting = new RootExceptions(sink, () => outcomeOfAll(roots()));
  }

  get isEmpty(): boolean {
    return this.#waiting.waiting.length === 0;
  }

  /** Adds the exceptions of a span, which waits for the next `decide`. */
  add(span: FinishedSpan, exceptions: readonly SpanException[]): void {
    const path = this.#paths.of(span);
    this.#waiting.add(exceptions.map((each) => ({ ...each, span: path })));
  }

  /** Decides about the exceptions whose roots are known, now that further spans of the trace have come. */
  decide(spans: readonly FinishedSpan[], nowMillis: number): void {
    const spanById = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    const byRoot = new Map<EndedRoot, Set<FoundException>>();
    for (const each of this.#waiting.waiting) {
      const top = this.#paths.climb(pathOf(each), spanById);
      const root = this.#rootOf(top) ?? this.#likelyRoot(nowMillis);
      if (root !== undefined) byRoot.set(root, (byRoot.get(root) ?? new Set()).add(each));
    }
    for (const [root, found] of byRoot) this.#settle(root, found);
    this.#waiting.decide();
  }

  #settle(root: EndedRoot, found: ReadonlySet<FoundException>): void {
    for (const each of found) numberPath(pathOf(each));
    root.exceptions ??= new RootExceptions(this.#sink, () => root.outcome);
    root.exceptions.add(this.#waiting.take((each) => found.has(each)));
    root.exceptions.decide(root.outcome);
  }

  #rootOf({ spanId, parentId = spanId }: BatchSpan): EndedRoot | undefined {
    return this.#roots().find((root) => root.spanId === parentId);
  }

  // A span between it and its root came in an earlier batch, or does not come.
  #likelyRoot(nowMillis: number): EndedRoot | undefined {
    if (nowMillis - this.#sinceMillis < MAX_ROOT_WAIT_MILLIS) return undefined;
    return this.#roots().findLast(({ outcome }) => outcome === "failed") ?? this.#roots().at(-1);
  }
}

function pathOf({ span }: FoundException): BatchSpan {
  return span as BatchSpan;
}

function outcomeOfAll(roots: readonly EndedRoot[]): RootOutcome {
  const failed = roots.find(({ outcome }) => outcome === "failed");
  return failed?.outcome ?? roots[0]?.outcome ?? "open";
}
