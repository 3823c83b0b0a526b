import type { DiscardRecorder } from "../client-reports/ledger.js";
import type { DiscardReason, ItemCount } from "../protocol/data-category.js";
import { attempt } from "../support/foreign.js";
import { requestClue } from "../semantics/request-clue.js";
import { SPAN_KIND } from "../trace/span.js";
import { Chunk } from "./chunk.js";
import { headLength, renamedHead, shownHeadName } from "./encoded-head.js";
import type { FinishedSpan } from "../trace/span.js";
import { inTurns } from "../support/collections.js";
import { Segment } from "./segment.js";
import type { SegmentOrigin } from "./segment.js";
import { SegmentSchedule } from "./segment-schedule.js";
import type { ScheduleSettings } from "./segment-schedule.js";
import { SpanEncoder } from "./span-encoder.js";
import type { EncodingSettings } from "./span-encoder.js";
import { continuation, rootTransaction } from "./transaction.js";
import type { AssembledTransaction, ContinuationReason } from "./transaction.js";

export interface AssemblerSettings {
  readonly encoding: EncodingSettings;
  readonly schedule: ScheduleSettings;
  readonly recorder: DiscardRecorder;
  /** Takes a finished transaction; must not throw. */
  readonly sink: (transaction: AssembledTransaction) => void;
  /** Whether a root is worth to be sent although the rate drops it; absent: none is. */
  readonly isWorthKeeping?: ((root: FinishedSpan) => boolean) | undefined;
  /** Tells whether a finished span is left out, a root with its whole segment. Default: none is. */
  readonly isIgnored?: ((span: FinishedSpan) => boolean) | undefined;
  /** Characters of span JSON that may wait for their roots, over all segments. */
  readonly maxBufferedLength: number;
}

/** Where the spans that were started are now; what has left is counted by the client. */
export interface AssemblerCounts {
  readonly started: number;
  readonly open: number;
  /** Finished, encoded, and waiting for their segment. */
  readonly buffered: number;
}

const ONE_SPAN: readonly ItemCount[] = [{ category: "span", quantity: 1 }];
const ONE_ROOT: readonly ItemCount[] = [
  { category: "transaction", quantity: 1 },
  { category: "span", quantity: 1 },
];

/**
 * Turns the starts and ends of spans into transactions. A segment is sent in the moment in which its
 * root and all of its started descendants have ended; nothing else is looked at then.
 */
export class SegmentAssembler {
  readonly #settings: AssemblerSettings;
  readonly #schedule: SegmentSchedule;
  readonly #encoder: SpanEncoder;
  #started = 0;
  #ended = 0;
  #buffered = 0;
  #bufferedLength = 0;

  constructor(settings: AssemblerSettings) {
    this.#settings = settings;
    this.#encoder = new SpanEncoder(settings.encoding);
    this.#schedule = new SegmentSchedule(settings.schedule, {
      onGraceOver: (segment) => this.#emit(segment),
      onTooOld: (segment) => this.#emit(segment),
    });
  }

  /** A local root has started. */
  begin(origin: SegmentOrigin, root: object): Segment {
    this.#started++;
    const segment = new Segment(origin, root);
    segment.mayBeKept =
      this.#settings.isWorthKeeping !== undefined &&
      origin.fate === "sample_rate" &&
      origin.sampling.sampleRate !== undefined;
    return segment;
  }

  /** A descendant of the segment's root has started. */
  join(segment: Segment): void {
    this.#started++;
    segment.open++;
  }

  /** A span of the segment has ended. */
  finish(segment: Segment, span: FinishedSpan): void {
    this.#ended++;
    segment.open--;
    const isRoot = segment.endsWith(span);
    // All that most spans cost: calls to others, and spans outside of requests, know no route.
    if (segment.isRequest && span.kind <= SPAN_KIND.SERVER && !isRoot)
      this.#noteClue(segment, span);
    if (isRoot && this.#isIgnored(span)) segment.ignore();
    if (isRoot && segment.mayBeKept) this.#decideAgain(segment, span);
    const { fate } = segment.origin;
    if (fate === "sent" || segment.mayBeKept) this.#take(segment, span, isRoot);
    else this.drop(fate, isRoot);
    this.#settle(segment);
  }

  /** Counts a span that will not be sent; a root takes its transaction with it. */
  drop(reason: DiscardReason, isRoot: boolean): void {
    this.#settings.recorder.record(reason, isRoot ? ONE_ROOT : ONE_SPAN);
  }

  /** A span that ended after the pipeline was closed. */
  dropClosed(segment: Segment, span: FinishedSpan): void {
    this.#ended++;
    this.drop("closed", segment.endsWith(span));
  }

  /**
   * Sends everything that has finished, without waiting for what is still open. Resolves when it has;
   * the first few segments are sent at once. What another flush has not come to yet is sent by this
   * one: a segment waits until it is really sent.
   */
  flush(): Promise<void> {
    return inTurns(this.#schedule.all(), (segment) => this.#emit(segment));
  }

  /** Lets go of the timer; what is buffered stays until `flush`. */
  close(): void {
    this.#schedule.close();
  }

  counts(): AssemblerCounts {
    return { started: this.#started, open: this.#started - this.#ended, buffered: this.#buffered };
  }

  // What has waited for the root is dropped with it, if it is not kept.
  #decideAgain(segment: Segment, root: FinishedSpan): void {
    segment.mayBeKept = false;
    if (this.#isWorthKeeping(root)) segment.keep();
    else this.#emit(segment);
  }

  // A span that cannot be read has no clue. Encoding reports it.
  #noteClue(segment: Segment, span: FinishedSpan): void {
    if (segment.headSent) return;
    try {
      const clue = requestClue(span);
      if (clue !== undefined) segment.addClue(clue);
    } catch {
      // See above.
    }
  }

  // A span that cannot be read is not worth it; it is counted like the others.
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
      this.#settings.encoding.onMended(
        "span:encoding",
        "a span could not be encoded and is lost",
        error,
      );
    }
  }

  // A filter that fails leaves nothing out.
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
    this.#grow(headLength(segment.head));
  }

  #takeChild(segment: Segment, span: FinishedSpan): void {
    const parentSpanId = span.parentSpanContext?.spanId;
    const parent =
      segment.reparented === undefined ? parentSpanId : segment.keptAncestor(parentSpanId);
    this.#keep(segment, this.#encoder.span(span, parent, segment.ids));
  }

  #keep(segment: Segment, item: string): void {
    const chunk = segment.chunkFor(item);
    if (chunk !== undefined) chunk.add(item);
    else this.#beginChunk(segment, item);
    this.#grow(item.length);
  }

  // Over the bound, the segments that have held the most time go with what they have.
  #grow(length: number): void {
    this.#buffered++;
    this.#bufferedLength += length;
    while (this.#bufferedLength > this.#settings.maxBufferedLength) {
      const oldest = this.#schedule.oldest();
      if (oldest === undefined) return;
      this.#emit(oldest);
    }
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

  // The segment's root goes with what was kept for it, then the rest.
  #emit(segment: Segment): void {
    const { head } = segment;
    if (head !== undefined) {
      const chunk = segment.kept && segment.reparentedChunk(segment.kept);
      segment.head = undefined;
      segment.kept = undefined;
      segment.headSent = true;
      this.#bufferedLength -= headLength(head);
      const named = segment.clues === undefined ? head : renamedHead(head, segment.clues);
      segment.sentName = shownHeadName(named);
      this.#send(segment, rootTransaction(named, chunk), chunk);
    }
    this.#emitChunks(segment);
  }

  // What has finished goes without the root: it is open, or it has gone before.
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
    this.#send(segment, continuation(segment.reparentedChunk(chunk), reason), chunk);
  }

  #send(
    segment: Segment,
    parts: Pick<AssembledTransaction, "head" | "spanCount" | "spans">,
    chunk: Chunk | undefined,
  ): void {
    this.#buffered -= parts.spanCount + 1;
    this.#bufferedLength -= chunk?.length ?? 0;
    const { fate } = segment.origin;
    if (fate !== "sent") {
      const quantity = parts.spanCount + 1;
      this.#settings.recorder.record(fate, [{ category: "span", quantity }]);
      return;
    }
    const { head, spans, spanCount } = parts;
    const { origin, resource } = segment;
    // Member by member: a spread with members after it takes 2.5 µs.
    this.#settings.sink({ head, spans, spanCount, origin, resource });
  }
}
