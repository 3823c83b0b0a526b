import type { DscSlot } from "../trace/dsc.js";
import type { IncomingTrace } from "../trace/headers.js";
import type { SamplingDecision } from "../trace/sampling.js";
import type { Scope } from "../scope/scope.js";
import type { Unit } from "../scope/unit.js";
import { BoundedMap } from "../support/collections.js";
import type { Link } from "../support/collections.js";
import { isSameClue } from "../semantics/request-clue.js";
import type { RequestClue } from "../semantics/request-clue.js";
import { SPAN_KIND, validSpanId } from "../trace/span.js";
import type { Chunk } from "./chunk.js";
import { headLength, shownHeadName } from "./encoded-head.js";
import type { EncodedHead } from "./encoded-head.js";
import type { OpenRoot } from "../context/open-roots.js";
import type { FinishedSpan, ResourceView } from "../trace/span.js";
import { keptAncestor } from "./chunk.js";
import { createIdTexts } from "./span-fields.js";
import type { IdTexts } from "./span-fields.js";

/** Filtered-out spans that are remembered per segment. Over the limit, the oldest is evicted. */
const MAX_TAKEN_OUT = 10_000;

/** Distinct clues that are kept per request; further ones are dropped. */
const MAX_CLUES = 50;

/** `sent`, or the reason for which the spans of a segment are dropped. */
export type SegmentFate = "backpressure" | "disabled" | "ignored" | "sample_rate" | "sent";

/** The data of a segment that is known when its local root starts. */
export interface SegmentOrigin {
  readonly unit: Unit;
  readonly current: Scope | undefined;
  readonly incoming: IncomingTrace | undefined;
  readonly traceId: string;
  readonly sampling: SamplingDecision;
  readonly fate: SegmentFate;
  readonly slot: DscSlot;
  /** Resource of the local root; undefined if no root was seen. */
  readonly resource?: ResourceView | undefined;
}

/** Numbers of the encoded spans that were removed from a segment. */
interface TakenSpans {
  /** All spans, including the root. */
  readonly spans: number;
  readonly roots: number;
  readonly length: number;
}

/**
 * A local root and its local descendants, from the root's start until the last of them has ended. Only its own spans
 * refer to it, so that a root that never ends is collected with its spans.
 */
export class Segment {
  origin: SegmentOrigin;
  /** True while the segment is not sampled, but `keepUnsampled` may keep it when its root ends. */
  mayBeKept: boolean = false;
  /** The root, until it ends. Compared by identity, because an id generator may give two spans one id. */
  #root: object | undefined;
  /** Number of open spans, including the root. */
  open: number = 1;
  rootEnded: boolean = false;
  #ids: IdTexts | undefined = undefined;
  /** True if the root is a SERVER span, whose name inner spans may complete. */
  readonly isRequest: boolean;
  /** Clues of finished spans about the request's name. */
  clues: RequestClue[] | undefined = undefined;
  /** The encoded root, from its end until it is sent. */
  head: EncodedHead | undefined = undefined;
  headSent: boolean = false;
  /** Name of the transaction after its root was sent; undefined if it is a URL. */
  sentName: string | undefined = undefined;
  /** True if exceptions were recorded, or may still be recorded after the root has ended. */
  hasExceptions: boolean = false;
  resource: ResourceView | undefined = undefined;
  /** The spans that finished first; they are sent with the root. */
  kept: Chunk | undefined = undefined;
  /** The spans that finished after `kept` was full, or after the root was sent. */
  overflow: Chunk | undefined = undefined;
  /** The newest client spans that were sent while the root was open, for the breadcrumbs of later errors. */
  sentCalls: readonly string[] | undefined = undefined;
  /** Units of work of the client spans that do not belong to the root's unit, by span id. */
  otherUnits: Map<string, Unit> | undefined = undefined;
  /** Maps the ids of filtered-out spans to their parents. */
  reparented: BoundedMap<string, string | undefined> | undefined = undefined;
  /** Its entry in the process's open roots, until the segment is complete. */
  openRoot: OpenRoot | undefined = undefined;
  /** True if parents of buffered spans may have been filtered out after the spans were encoded. */
  hasLateParents: boolean = false;
  /** Its entries in the lists of the schedule, while it is in them. */
  holding: Link<Segment> | undefined = undefined;
  waiting: Link<Segment> | undefined = undefined;
  /** Number of the sweep in which the segment began to wait for open spans after its root; -1 before. */
  waitingSince: number = -1;

  constructor(origin: SegmentOrigin, root: object) {
    this.origin = origin;
    this.#root = root;
    this.isRequest = "kind" in root && root.kind === SPAN_KIND.SERVER;
  }

  /** Cache of the encoder for ids that the segment's spans have in common. */
  get ids(): IdTexts {
    return (this.#ids ??= createIdTexts());
  }

  /** True if none of its spans and exceptions are sent, because there is no DSN. They are only counted. */
  get isDisabled(): boolean {
    return this.origin.fate === "disabled";
  }

  /** The root, while it is open. */
  get root(): object | undefined {
    return this.#root;
  }

  /** Marks the root as ended if the span is the root, and tells whether it is. */
  endIfRoot(span: object): boolean {
    if (span !== this.#root) return false;
    this.#root = undefined;
    this.rootEnded = true;
    return true;
  }

  /** Makes sure that an unsampled segment is sent. Its sample rate becomes 1, because all segments like it are kept. */
  keep(): void {
    const { sampling, slot } = this.origin;
    const { frozen, identity } = slot;
    this.origin = {
      ...this.origin,
      fate: "sent",
      sampling: { sampled: true, sampleRate: 1, sampleRand: sampling.sampleRand },
      slot: {
        frozen: frozen && Object.freeze({ ...frozen, sample_rate: "1", sampled: "true" }),
        identity,
      },
    };
  }

  /** Adds the clue of a finished span about the request's name. */
  addClue(clue: RequestClue): void {
    const clues = (this.clues ??= []);
    if (clues.length < MAX_CLUES && !clues.some((known) => isSameClue(known, clue)))
      clues.push(clue);
  }

  /** Returns the chunk that still has room for the item; undefined if there is none. */
  chunkFor(item: string): Chunk | undefined {
    const chunk = this.overflow ?? this.kept;
    return chunk === undefined || chunk.isFullFor(item) ? undefined : chunk;
  }

  /** True if its spans are encoded when they end, because they are sent or may be kept. */
  get isTaken(): boolean {
    return this.origin.fate === "sent" || this.mayBeKept;
  }

  /** True once the root and all its started descendants have ended. */
  get isComplete(): boolean {
    return this.rootEnded && this.open <= 0;
  }

  /** True if finished spans are buffered. */
  get hasFinished(): boolean {
    return this.head !== undefined || this.kept !== undefined || this.overflow !== undefined;
  }

  /**
   * Filters a span out: its children become children of its parent. Children that are already encoded are attached to
   * the parent when they are sent.
   */
  takeOut(spanId: string, parentSpanId: string | undefined): void {
    this.reparented ??= new BoundedMap<string, string | undefined>(MAX_TAKEN_OUT);
    this.reparented.setNewest(spanId, this.keptAncestor(parentSpanId));
  }

  /** Filters out a span that has ended, whose children may already be encoded. */
  takeOutAtEnd(span: FinishedSpan): void {
    const { spanId } = span.spanContext();
    this.takeOut(spanId, span.parentSpanContext?.spanId);
    const shown = validSpanId(spanId);
    if (shown !== spanId) this.takeOut(shown, span.parentSpanContext?.spanId);
    this.hasLateParents ||= this.kept !== undefined || this.overflow !== undefined;
  }

  /** Returns the chunk with its spans attached to parents that were not filtered out. */
  reparentedChunk(chunk: Chunk): Chunk {
    if (this.hasLateParents && this.reparented !== undefined) chunk.reparent(this.reparented);
    return chunk;
  }

  /** Tells whether the span was filtered out. */
  isTakenOut(span: { spanContext(): { readonly spanId: string } }): boolean {
    return this.reparented?.has(span.spanContext().spanId) === true;
  }

  /** Returns the nearest ancestor that was not filtered out. */
  keptAncestor(parentSpanId: string | undefined): string | undefined {
    const { reparented } = this;
    return reparented === undefined ? parentSpanId : keptAncestor(parentSpanId, reparented);
  }

  /** Removes the buffered spans and returns their numbers. A buffered root counts as sent. */
  takeBuffered(): TakenSpans {
    const { head, kept, overflow } = this;
    this.head = undefined;
    this.kept = undefined;
    this.overflow = undefined;
    if (head !== undefined) {
      this.headSent = true;
      this.sentName = shownHeadName(head);
    }
    const roots = head === undefined ? 0 : 1;
    const rootLength = head === undefined ? 0 : headLength(head);
    return {
      spans: roots + (kept?.count ?? 0) + (overflow?.count ?? 0),
      roots,
      length: rootLength + (kept?.length ?? 0) + (overflow?.length ?? 0),
    };
  }

  /** Drops the segment, because a filter has matched its root. */
  ignore(): void {
    this.origin = { ...this.origin, fate: "ignored" };
    this.mayBeKept = false;
  }
}
