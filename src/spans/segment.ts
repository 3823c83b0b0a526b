import type { DscSlot } from "../trace/dsc.js";
import type { IncomingTrace } from "../trace/headers.js";
import type { SamplingDecision } from "../trace/sampling.js";
import type { Scope } from "../scope/scope.js";
import type { Unit } from "../scope/unit.js";
import { setNewest } from "../support/collections.js";
import { isSameClue } from "../semantics/request-clue.js";
import type { RequestClue } from "../semantics/request-clue.js";
import { SPAN_KIND, validSpanId } from "../trace/span.js";
import type { Chunk } from "./chunk.js";
import type { EncodedHead } from "./encoded-head.js";
import type { OpenRoot } from "../context/open-roots.js";
import type { FinishedSpan, ResourceView } from "../trace/span.js";
import { keptAncestor } from "./reparenting.js";
import { createIdTexts } from "./span-encoder.js";
import type { IdTexts } from "./span-encoder.js";

/** Spans of one segment that are remembered as taken out; the first ones are forgotten. */
const MAX_TAKEN_OUT = 10_000;

/** Different clues of one request that are kept; the first ones. */
const MAX_CLUES = 50;

/** Whether the spans of a segment are sent, and if not, why. */
export type SegmentFate = "backpressure" | "ignored" | "sample_rate" | "sent";

/** What is known of a segment when its local root starts. */
export interface SegmentOrigin {
  readonly unit: Unit;
  readonly current: Scope | undefined;
  readonly incoming: IncomingTrace | undefined;
  readonly traceId: string;
  readonly sampling: SamplingDecision;
  readonly fate: SegmentFate;
  readonly slot: DscSlot;
  /** Resource of the local root; absent where no root was seen. */
  readonly resource?: ResourceView | undefined;
}

/**
 * A local root and its local descendants, from the root's start until the last of them has ended.
 * Only its own spans refer to it, so that a root which never ends costs no more than itself.
 */
export class Segment {
  origin: SegmentOrigin;
  /** Not sampled, but kept if its root turns out to be worth it: until then its spans wait. */
  mayBeKept: boolean = false;
  /** The root, until it ends. By identity: an id generator may give two spans one id. */
  #root: object | undefined;
  /** Spans that have started and not ended, the root among them. */
  open: number = 1;
  rootEnded: boolean = false;
  readonly ids: IdTexts = createIdTexts();
  /** Its root is a server's span, which may be named by what the spans inside of it know. */
  readonly isRequest: boolean;
  /** Clues of finished spans about the name of the request. */
  clues: RequestClue[] | undefined = undefined;
  /** The encoded root, from its end until it is sent. */
  head: EncodedHead | undefined = undefined;
  headSent: boolean = false;
  /** Name of the transaction, once its root was sent; undefined where it is a URL. */
  sentName: string | undefined = undefined;
  /** Whether its exceptions are waited for: those that were recorded, or may yet be after its root. */
  hasExceptions: boolean = false;
  resource: ResourceView | undefined = undefined;
  /** The spans that finished first: they go with the root. */
  kept: Chunk | undefined = undefined;
  /** What finished after `kept` was full, or after the root was sent. */
  overflow: Chunk | undefined = undefined;
  /** Units of the client spans that are of others than the root's. */
  otherUnits: Map<string, Unit> | undefined = undefined;
  /** Parents by the ids of the spans that a filter took out. */
  reparented: Map<string, string | undefined> | undefined = undefined;
  /** Its entry among the process's open roots, until it is complete. */
  openRoot: OpenRoot | undefined = undefined;
  /** True where spans wait whose parents may have been taken out since they were encoded. */
  hasLateParents: boolean = false;
  /** Number of the sweep in which it began to wait for stragglers; -1 while it does not. */
  waitingSince: number = -1;

  constructor(origin: SegmentOrigin, root: object) {
    this.origin = origin;
    this.#root = root;
    this.isRequest = "kind" in root && root.kind === SPAN_KIND.SERVER;
  }

  /** The root, while it is open. */
  get root(): object | undefined {
    return this.#root;
  }

  /** Whether the span is the root; if so, the root has ended. */
  endsWith(span: object): boolean {
    if (span !== this.#root) return false;
    this.#root = undefined;
    this.rootEnded = true;
    return true;
  }

  /** Sends it after all: by a rate of 1, since nothing but what it is has decided about it. */
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

  /** Remembers what a finished span knows about the name of the request. */
  addClue(clue: RequestClue): void {
    const clues = (this.clues ??= []);
    if (clues.length < MAX_CLUES && !clues.some((known) => isSameClue(known, clue)))
      clues.push(clue);
  }

  /** The chunk that still has room for the item. */
  chunkFor(item: string): Chunk | undefined {
    const chunk = this.overflow ?? this.kept;
    return chunk === undefined || chunk.isFullFor(item) ? undefined : chunk;
  }

  /** Whether its spans are encoded when they end: they are sent, or may be. */
  get isTaken(): boolean {
    return this.origin.fate === "sent" || this.mayBeKept;
  }

  /** The encoded children that have finished and wait, joined by commas. */
  get waitingSpans(): string {
    const texts = [this.kept, this.overflow].map((chunk) => chunk && chunk.first + chunk.rest);
    return texts.filter((text) => text !== undefined).join(",");
  }

  /** True once the root and all its descendants that have started have ended. */
  get isComplete(): boolean {
    return this.rootEnded && this.open <= 0;
  }

  /** Whether anything has finished and waits. */
  get hasFinished(): boolean {
    return this.head !== undefined || this.kept !== undefined || this.overflow !== undefined;
  }

  /**
   * Takes a span out: its children become its parent's. Those that were encoded before are given to it when they
   * are sent.
   */
  takeOut(spanId: string, parentSpanId: string | undefined): void {
    const parents = (this.reparented ??= new Map<string, string | undefined>());
    setNewest(parents, [spanId, this.keptAncestor(parentSpanId)], MAX_TAKEN_OUT);
  }

  /** Takes a span out when it has ended: children of it may have been encoded. */
  takeOutAtEnd(span: FinishedSpan): void {
    const { spanId } = span.spanContext();
    this.takeOut(spanId, span.parentSpanContext?.spanId);
    const shown = validSpanId(spanId);
    if (shown !== spanId) this.takeOut(shown, span.parentSpanContext?.spanId);
    this.hasLateParents ||= this.kept !== undefined || this.overflow !== undefined;
  }

  /** The chunk, whose spans have parents that were not taken out. */
  reparentedChunk(chunk: Chunk): Chunk {
    if (this.hasLateParents && this.reparented !== undefined) chunk.reparent(this.reparented);
    return chunk;
  }

  /** Whether the span was taken out. */
  isTakenOut(span: { spanContext(): { readonly spanId: string } }): boolean {
    return this.reparented?.has(span.spanContext().spanId) === true;
  }

  /** The nearest ancestor that was not taken out. */
  keptAncestor(parentSpanId: string | undefined): string | undefined {
    const { reparented } = this;
    return reparented === undefined ? parentSpanId : keptAncestor(parentSpanId, reparented);
  }

  /** A filter has matched its root: nothing of it is sent. */
  ignore(): void {
    this.origin = { ...this.origin, fate: "ignored" };
    this.mayBeKept = false;
  }
}
