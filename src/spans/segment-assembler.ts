import type { EarlyRecorder } from "../client-reports/ledger.js";
import type { DiscardReason } from "../protocol/data-category.js";
import type { MemoryBound } from "../delivery/memory-bound.js";
import { attempt } from "../support/foreign.js";
import { requestClue } from "../semantics/request-clue.js";
import { SPAN_KIND } from "../trace/span.js";
import { Chunk, SEPARATOR_LENGTH } from "./chunk.js";
import { headLength, renamedHead, shownHeadName } from "./encoded-head.js";
import type { FinishedSpan } from "../trace/span.js";
import { HeldSpans } from "./held-spans.js";
import { inTurns, nextTurn } from "./in-turns.js";
import { Segment } from "./segment.js";
import type { SegmentOrigin } from "./segment.js";
import { SegmentSchedule } from "./segment-schedule.js";
import type { ScheduleSettings } from "./segment-schedule.js";
import { SpanEncoder } from "./span-encoder.js";
import type { SpanCounts } from "../client/stats.js";
import type { SpanAssembler } from "./add-assembler.js";
import { SpanTally } from "./span-tally.js";
import type { EncodingSettings } from "./span-encoder.js";
import { AssembledTransaction, continuation, rootTransaction } from "./transaction.js";
import type { TransactionForwarder } from "./transaction-forwarder.js";
import type { SentCalls } from "./sent-calls.js";
import type { ContinuationReason, TransactionSpans } from "./transaction.js";

export interface AssemblerSettings {
  readonly encoding: EncodingSettings;
  readonly schedule: ScheduleSettings;
  readonly recorder: EarlyRecorder;
  /** Receives each assembled transaction. Must not throw. */
  readonly forwarder: Pick<TransactionForwarder, "accept" | "sendInTurns">;
  /** Tells whether an unsampled root is sent anyway (`keepUnsampled`). Default: none is. */
  readonly isWorthKeeping?: ((root: FinishedSpan) => boolean) | undefined;
  /** Tells whether a finished span is filtered out; a root is filtered out with its whole segment. Default: none is. */
  readonly isIgnored?: ((span: FinishedSpan) => boolean) | undefined;
  /** Keeps the calls that were sent for later breadcrumbs; undefined if spans are no breadcrumbs. */
  readonly sentCalls?: SentCalls | undefined;
  /** Limits the characters of buffered span JSON, over all segments. */
  readonly memory: MemoryBound;
}

/**
 * Assembles transactions from the starts and ends of spans. A segment is sent as soon as its root and all its started
 * descendants have ended.
 */
export class SegmentAssembler implements SpanAssembler {
  readonly #settings: AssemblerSettings;
  readonly #schedule: SegmentSchedule;
  readonly #encoder: SpanEncoder;
  readonly #held: HeldSpans;
  /** Counts the spans. If the client sends nothing, the processor counts children here without the assembler. */
  readonly tally: SpanTally;
  #isClosed = false;

  constructor(settings: AssemblerSettings) {
    this.#settings = settings;
    this.#encoder = new SpanEncoder(settings.encoding);
    this.tally = new SpanTally(settings.recorder);
    this.#schedule = new SegmentSchedule(settings.schedule, {
      onGraceOver: (segment) => this.#emit(segment),
      onTooOld: (segment) => this.#emit(segment),
    });
    this.#held = new HeldSpans({
      memory: settings.memory,
      warnOnce: settings.encoding.onProblem,
      sendOldest: () => this.#sendOldest(),
      dropOldest: () => this.#dropOldest(),
    });
  }

  /** Begins the segment of a local root that has started. */
  begin(origin: SegmentOrigin, root: object): Segment {
    this.tally.begin();
    const segment = new Segment(origin, root);
    segment.mayBeKept =
      this.#settings.isWorthKeeping !== undefined &&
      origin.fate === "sample_rate" &&
      origin.sampling.sampleRate !== undefined;
    return segment;
  }

  /** Adds a descendant of the root that has started. */
  join(segment: Segment): void {
    this.tally.begin();
    segment.open++;
  }

  /** Ends a span of the segment: encodes or drops it, and sends the segment if it is complete. */
  finish(segment: Segment, span: FinishedSpan): void {
    this.tally.end();
    segment.open--;
    const isRoot = segment.endIfRoot(span);
    if (segment.isDisabled) return this.drop("disabled", isRoot);
    // Only INTERNAL and SERVER spans of a request can have clues; the check keeps other spans cheap.
    if (segment.isRequest && span.kind <= SPAN_KIND.SERVER && !isRoot)
      this.#noteClue(segment, span);
    if (isRoot && this.#isIgnored(span)) segment.ignore();
    if (isRoot && segment.mayBeKept) this.#decideAgain(segment, span);
    const { fate } = segment.origin;
    if (fate === "sent" || segment.mayBeKept) this.#take(segment, span, isRoot);
    else this.drop(fate, isRoot);
    this.#settle(segment);
  }

  /** Counts a span that is dropped, and for a root its transaction. */
  drop(reason: DiscardReason, isRoot: boolean): void {
    this.tally.drop(reason, 1, isRoot ? 1 : 0);
  }

  /** Drops a span that ended after the processor was shut down. */
  dropClosed(segment: Segment, span: FinishedSpan): void {
    this.tally.end();
    this.drop("closed", segment.endIfRoot(span));
  }

  /**
   * Sends all finished spans, without waiting for open ones. The first segments are sent synchronously; resolves when
   * all are sent. Concurrent calls are safe: each sends the segments that the others have not reached.
   */
  flush(): Promise<void> {
    const { forwarder } = this.#settings;
    return inTurns(
      this.#schedule.takeAll(),
      (segment) => this.#emit(segment),
      () => forwarder.sendInTurns().then(nextTurn),
    );
  }

  /** Stops the timer. Buffered spans are kept until `flush`. */
  close(): void {
    this.#isClosed = true;
    this.#schedule.close();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  end(): void {
    this.#held.end();
  }

  counts(): SpanCounts {
    const { tally } = this;
    return { started: tally.started, open: tally.countOpen(), buffered: this.#held.count };
  }

  // Decides about an unsampled segment when its root ends. If the root is not kept, the buffered spans are dropped with
  // it.
  #decideAgain(segment: Segment, root: FinishedSpan): void {
    segment.mayBeKept = false;
    if (this.#isWorthKeeping(root)) segment.keep();
    else this.#emit(segment);
  }

  // A span that cannot be read has no clue; encoding it logs the diagnostic.
  #noteClue(segment: Segment, span: FinishedSpan): void {
    if (segment.headSent) return;
    try {
      const clue = requestClue(span);
      if (clue !== undefined) segment.addClue(clue);
    } catch {
      // Encoding the span reports the error.
    }
  }

  // A root that cannot be read is not kept.
  #isWorthKeeping(root: FinishedSpan): boolean {
    return attempt(() => this.#settings.isWorthKeeping?.(root) === true, false);
  }

  #take(segment: Segment, span: FinishedSpan, isRoot: boolean): void {
    try {
      segment.resource ??= span.resource;
      if (isRoot) this.#takeHead(segment, span);
      else if (segment.isTakenOut(span)) this.drop("ignored", false);
      else if (this.#isIgnored(span)) this.#takeOut(segment, span);
      else this.#takeChild(segment, span);
    } catch (error) {
      this.drop("internal_sdk_error", isRoot);
      this.#encoder.reportFailure(error);
    }
  }

  // A filter that throws matches nothing.
  #isIgnored(span: FinishedSpan): boolean {
    const { isIgnored } = this.#settings;
    return isIgnored !== undefined && attempt(() => isIgnored(span), false);
  }

  #takeOut(segment: Segment, span: FinishedSpan): void {
    segment.takeOutAtEnd(span);
    this.drop("ignored", false);
  }

  #takeHead(segment: Segment, span: FinishedSpan): void {
    segment.head = this.#encoder.head(span, segment.origin.sampling.sampleRate);
    this.#held.add(1, headLength(segment.head));
  }

  #takeChild(segment: Segment, span: FinishedSpan): void {
    const parentSpanId = span.parentSpanContext?.spanId;
    const parent =
      segment.reparented === undefined ? parentSpanId : segment.keptAncestor(parentSpanId);
    this.#keep(segment, this.#encoder.span(span, parent, segment.ids));
  }

  #keep(segment: Segment, item: string): void {
    const chunk = segment.chunkFor(item);
    if (chunk === undefined) this.#beginChunk(segment, item);
    else chunk.add(item);
    this.#held.add(1, chunk === undefined ? item.length : item.length + SEPARATOR_LENGTH);
  }

  #sendOldest(): boolean {
    const oldest = this.#schedule.oldest();
    if (oldest === undefined) return false;
    this.#emit(oldest);
    return true;
  }

  #dropOldest(): boolean {
    const oldest = this.#schedule.oldest();
    if (oldest === undefined) return false;
    this.#schedule.forget(oldest);
    const { spans, roots, length } = oldest.takeBuffered();
    this.#held.remove(spans, length);
    const { fate } = oldest.origin;
    this.tally.drop(fate === "sent" ? "buffer_overflow" : fate, spans, roots);
    return true;
  }

  #beginChunk(segment: Segment, item: string): void {
    if (segment.overflow !== undefined) this.#emitOverflow(segment);
    const chunk = new Chunk(item, this.#schedule.sweep, segment.headSent);
    if (segment.kept === undefined && !segment.headSent) segment.kept = chunk;
    else segment.overflow = chunk;
    this.#schedule.watchAge(segment);
  }

  #settle(segment: Segment): void {
    if (!segment.rootEnded) return;
    if (segment.open <= 0) this.#emit(segment);
    else if (segment.hasFinished) this.#schedule.watchGrace(segment);
  }

  // Sends or drops the root with its spans, then the remaining chunks.
  #emit(segment: Segment): void {
    const { head } = segment;
    if (head !== undefined) {
      const chunk = segment.kept && segment.reparentedChunk(segment.kept);
      segment.head = undefined;
      segment.kept = undefined;
      segment.headSent = true;
      const named = segment.clues === undefined ? head : renamedHead(head, segment.clues);
      segment.sentName = shownHeadName(named);
      const length = headLength(head) + (chunk?.length ?? 0);
      this.#sendOrDrop(segment, rootTransaction(named, chunk), length);
    }
    this.#emitChunks(segment);
  }

  // Sends finished spans without the root, which is still open or was sent earlier.
  #emitChunks(segment: Segment): void {
    this.#schedule.forget(segment);
    const { kept } = segment;
    segment.kept = undefined;
    if (kept !== undefined)
      this.#sendContinuation(segment, kept, segment.rootEnded ? "late" : "partial");
    this.#emitOverflow(segment);
  }

  #emitOverflow(segment: Segment): void {
    const { overflow } = segment;
    segment.overflow = undefined;
    if (overflow !== undefined)
      this.#sendContinuation(segment, overflow, overflow.late ? "late" : "overflow");
  }

  #sendContinuation(segment: Segment, chunk: Chunk, reason: ContinuationReason): void {
    if (!segment.rootEnded) this.#settings.sentCalls?.keep(segment, chunk);
    this.#sendOrDrop(segment, continuation(segment.reparentedChunk(chunk), reason), chunk.length);
  }

  #sendOrDrop(segment: Segment, content: TransactionSpans, length: number): void {
    this.#held.remove(content.spanCount + 1, length);
    const { fate } = segment.origin;
    if (fate !== "sent") return this.tally.drop(fate, content.spanCount + 1, 0);
    this.#settings.forwarder.accept(new AssembledTransaction(content, segment));
  }
}
