import type { DiscardRecorder } from "../client-reports/ledger.js";
import type { DiscardReason, ItemCount } from "../protocol/data-category.js";
import { attempt } from "../support/foreign.js";
import type { MemoryBound } from "../delivery/memory-bound.js";
import { BoundedMap } from "../support/collections.js";
import { inTurns } from "./in-turns.js";
import { requestClue } from "../semantics/request-clue.js";
import type { RequestClue } from "../semantics/request-clue.js";
import { Chunk } from "./chunk.js";
import { renamedHead } from "./encoded-head.js";
import type { EncodedHead } from "./encoded-head.js";
import { HeldSpans } from "./held-spans.js";
import { localParentId } from "../trace/span.js";
import type { SpanAssembler } from "./add-assembler.js";
import type { FinishedSpan } from "../trace/span.js";
import type { SegmentOrigin } from "./segment.js";
import type { StartTimer } from "../support/time.js";
import { SpanEncoder } from "./span-encoder.js";
import type { EncodingSettings } from "./span-encoder.js";
import { TraceGroup } from "./trace-group.js";
import { AssembledTransaction, continuation, rootTransaction } from "./transaction.js";
import type { TransactionForwarder } from "./transaction-forwarder.js";
import type { ContinuationReason, TransactionSegment } from "./transaction.js";

export interface BatchAssemblerSettings {
  readonly encoding: EncodingSettings;
  readonly recorder: DiscardRecorder;
  readonly startTimer: StartTimer;
  /** Receives each assembled transaction. Must not throw. */
  readonly forwarder: Pick<TransactionForwarder, "accept">;
  /** Returns the origin of a segment by its root. */
  readonly originOf: (root: FinishedSpan) => SegmentOrigin;
  /** Returns the origin of a segment by its first span, if its root has not arrived. */
  readonly originOfOrphan: (span: FinishedSpan) => SegmentOrigin;
  /** Tells whether a finished span is filtered out; a root is filtered out with its whole segment. Default: none is. */
  readonly isIgnored?: ((span: FinishedSpan) => boolean) | undefined;
  /** Milliseconds that spans are buffered until their root arrives. */
  readonly maxWaitMillis: number;
  /** Limits the characters of buffered span JSON. */
  readonly memory: MemoryBound;
}

/** Roots whose decision is remembered for children that arrive later. Over the limit, the oldest is evicted. */
const MAX_REMEMBERED_ROOTS = 10_000;

/** Filtered-out spans that are remembered as parents of other spans; each takes about 150 bytes. */
const MAX_WAITING_LEFT_OUT = 100_000;

/**
 * Assembles transactions from finished spans only, for use behind a batch processor or a tail sampler, where the starts
 * of spans are not known. A local root is sent with the descendants in its batch and in earlier ones. Spans whose root
 * does not arrive in time are sent without it.
 */
export class BatchAssembler implements SpanAssembler {
  readonly #settings: BatchAssemblerSettings;
  readonly #encoder: SpanEncoder;
  readonly #held: HeldSpans;
  readonly #groups = new Map<string, TraceGroup>();
  readonly #origins = new BoundedMap<string, SegmentOrigin>(MAX_REMEMBERED_ROOTS);
  #cancelTimer: (() => void) | undefined;
  #round = 0;
  #accepted = 0;
  #waitingLeftOut = 0;
  #isClosed = false;

  constructor(settings: BatchAssemblerSettings) {
    this.#settings = settings;
    this.#encoder = new SpanEncoder(settings.encoding);
    this.#held = new HeldSpans({
      memory: settings.memory,
      warnOnce: settings.encoding.onProblem,
      sendOldest: () => this.#sendOldest(),
      dropOldest: () => this.#dropOldest(),
    });
  }

  /** Accepts a batch of finished spans. */
  accept(spans: readonly FinishedSpan[]): void {
    // Buffers the children of the whole batch first, because a root may come before its children in it.
    const roots = spans.filter((span) => this.#isTakenAsRoot(span));
    for (const root of roots) this.#sendRoot(root);
    let isSent = true;
    while (isSent && this.#waitingLeftOut > MAX_WAITING_LEFT_OUT) isSent = this.#sendOldest();
    if (this.#groups.size > 0) this.#arm();
  }

  /** Sends all buffered spans. Resolves when done. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    return inTurns([...this.#groups.keys()], (traceId) => this.#sendGroup(traceId));
  }

  /** Records that no more batches come. Buffered spans are kept until `flush`. */
  close(): void {
    this.#isClosed = true;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  end(): void {
    this.#held.end();
  }

  counts(): { started: number; open: number; buffered: number } {
    return { started: this.#accepted, open: 0, buffered: this.#held.count };
  }

  #isTakenAsRoot(span: FinishedSpan): boolean {
    this.#accepted++;
    try {
      const parentSpanId = localParentId(span);
      if (parentSpanId === undefined) return true;
      this.#keep(span, parentSpanId);
    } catch (error) {
      this.#lose(error, 0);
    }
    return false;
  }

  #keep(span: FinishedSpan, parentSpanId: string): void {
    const { traceId, spanId } = span.spanContext();
    const isIgnored = this.#isIgnored(span);
    const item = isIgnored ? undefined : this.#encoder.span(span, parentSpanId);
    const group = this.#groups.get(traceId) ?? this.#beginGroup(traceId, span);
    group.add(parentSpanId, { spanId, item, clue: clueOf(span) });
    if (item === undefined) return this.#leftOut();
    this.#held.add(1, item.length);
  }

  // Buffers the span without its JSON, to link its children to its parent.
  #leftOut(): void {
    this.#waitingLeftOut++;
    this.#drop("ignored", 1, 0);
  }

  // A filter that throws matches nothing.
  #isIgnored(span: FinishedSpan): boolean {
    const { isIgnored } = this.#settings;
    return isIgnored !== undefined && attempt(() => isIgnored(span), false);
  }

  #beginGroup(traceId: string, span: FinishedSpan): TraceGroup {
    const origin = this.#origins.get(traceId) ?? this.#settings.originOfOrphan(span);
    // Looked up again, because `originOfOrphan` may call the application's code, which may end spans.
    const group = this.#groups.get(traceId) ?? new TraceGroup(origin, span.resource, this.#round);
    this.#groups.set(traceId, group);
    return group;
  }

  // Do everything that can throw first, before descendants are removed from the group.
  #sendRoot(root: FinishedSpan): void {
    try {
      const { resource } = root;
      const { traceId, spanId } = root.spanContext();
      const decided = this.#settings.originOf(root);
      const origin = this.#isIgnored(root) ? { ...decided, fate: "ignored" as const } : decided;
      const head = this.#encoder.head(root, origin.sampling.sampleRate);
      this.#remember(traceId, origin);
      const clues: RequestClue[] = [];
      const items = this.#takeDescendants(traceId, spanId, clues);
      // Innermost spans first, which is the usual order of their ends.
      const named = clues.length === 0 ? head : renamedHead(head, clues.toReversed());
      if (origin.fate === "sent") this.#sendSegment(named, items, { origin, resource });
      else this.#drop(origin.fate, items.length + 1, 1);
    } catch (error) {
      this.#lose(error, 1);
    }
  }

  // Remembers the root for children that arrive in later batches.
  #remember(traceId: string, origin: SegmentOrigin): void {
    this.#origins.setNewest(traceId, origin);
  }

  #takeDescendants(traceId: string, spanId: string, clues: RequestClue[]): string[] {
    const group = this.#groups.get(traceId);
    const items = group?.takeDescendants(spanId, clues) ?? [];
    if (group?.isEmpty === true) this.#forget(traceId, group);
    this.#release(items);
    return items;
  }

  #sendSegment(head: EncodedHead, items: readonly string[], segment: TransactionSegment): void {
    const chunks = chunksOf(items);
    const content = rootTransaction(head, chunks.shift());
    this.#settings.forwarder.accept(new AssembledTransaction(content, segment));
    this.#sendChunks(chunks, "overflow", segment);
  }

  #sendOldest(): boolean {
    const [oldest] = this.#groups.keys();
    if (oldest === undefined) return false;
    this.#sendGroup(oldest);
    return true;
  }

  #dropOldest(): boolean {
    const [oldest] = this.#groups;
    if (oldest === undefined) return false;
    const [traceId, group] = oldest;
    const items = this.#takeGroup(traceId, group);
    const { fate } = group.origin;
    this.#drop(fate === "sent" ? "buffer_overflow" : fate, items.length, 0);
    return true;
  }

  #sendGroup(traceId: string): void {
    const group = this.#groups.get(traceId);
    if (group === undefined) return;
    const items = this.#takeGroup(traceId, group);
    if (group.origin.fate === "sent") this.#sendChunks(chunksOf(items), "orphan", group);
    else this.#drop(group.origin.fate, items.length, 0);
  }

  #takeGroup(traceId: string, group: TraceGroup): string[] {
    this.#forget(traceId, group);
    const items = group.takeAll();
    this.#release(items);
    return items;
  }

  #sendChunks(
    chunks: readonly Chunk[],
    reason: ContinuationReason,
    segment: TransactionSegment,
  ): void {
    for (const chunk of chunks)
      this.#settings.forwarder.accept(
        new AssembledTransaction(continuation(chunk, reason), segment),
      );
  }

  #forget(traceId: string, group: TraceGroup): void {
    this.#groups.delete(traceId);
    this.#waitingLeftOut -= group.leftOut;
  }

  #release(items: readonly string[]): void {
    let length = 0;
    for (const item of items) length += item.length;
    this.#held.remove(items.length, length);
  }

  #lose(error: unknown, transactions: 0 | 1): void {
    this.#drop("internal_sdk_error", 1, transactions);
    this.#encoder.reportFailure(error);
  }

  #drop(reason: DiscardReason, spans: number, transactions: number): void {
    const contents: ItemCount[] = [{ category: "span", quantity: spans }];
    if (transactions > 0) contents.push({ category: "transaction", quantity: transactions });
    this.#settings.recorder.record(reason, contents);
  }

  // A group waits for two rounds: one that came just before a round would otherwise hardly wait.
  #arm(): void {
    this.#cancelTimer ??= this.#settings.startTimer(this.#settings.maxWaitMillis / 2, () =>
      this.#onRound(),
    );
  }

  #onRound(): void {
    this.#cancelTimer = undefined;
    this.#round++;
    const due = [...this.#groups].filter(([, group]) => this.#round - group.since >= 2);
    void inTurns(due, ([traceId]) => this.#sendGroup(traceId));
    if (this.#groups.size > 0) this.#arm();
  }
}

// A span that cannot be read has no clue about the request's name.
function clueOf(span: FinishedSpan): RequestClue | undefined {
  try {
    return requestClue(span);
  } catch {
    return undefined;
  }
}

function chunksOf(items: readonly string[]): Chunk[] {
  const chunks: Chunk[] = [];
  for (const item of items) {
    const last = chunks.at(-1);
    if (last === undefined || last.isFullFor(item)) chunks.push(new Chunk(item, 0, false));
    else last.add(item);
  }
  return chunks;
}
