import type { RequestClue } from "../semantics/request-clue.js";
import type { ResourceView } from "../trace/span.js";
import { validSpanId } from "../trace/span.js";
import { reparentedText } from "./reparenting.js";
import type { SegmentOrigin } from "./segment.js";

/** Spans of one trace that are remembered as left out; the first ones. */
const MAX_LEFT_OUT = 10_000;

/** A finished span that waits for its root. */
export interface WaitingSpan {
  readonly spanId: string;
  /** Its encoded form; undefined where a filter left it out, so that its children are its parent's. */
  readonly item: string | undefined;
  /** Clue about the name of the request that it is a part of. */
  readonly clue?: RequestClue | undefined;
}

/** The spans of one trace that wait for a local root, by parent. */
export class TraceGroup {
  readonly origin: SegmentOrigin;
  readonly resource: ResourceView;
  /** Number of the round in which the first of them came. */
  readonly since: number;
  /** Number of spans that were left out since the first of them came. */
  leftOut: number = 0;
  readonly #children = new Map<string, WaitingSpan[]>();
  /** Parents by the ids of the spans that were left out. */
  readonly #parentOf = new Map<string, string>();

  constructor(origin: SegmentOrigin, resource: ResourceView, since: number) {
    this.origin = origin;
    this.resource = resource;
    this.since = since;
  }

  add(parentSpanId: string, span: WaitingSpan): void {
    if (span.item === undefined) this.#leaveOut(parentSpanId, span.spanId);
    const siblings = this.#children.get(parentSpanId);
    if (siblings === undefined) this.#children.set(parentSpanId, [span]);
    else siblings.push(span);
  }

  get isEmpty(): boolean {
    return this.#children.size === 0;
  }

  /** Takes the span's descendants out, parents before children. Adds their clues to `clues`. */
  takeDescendants(spanId: string, clues: RequestClue[] = []): string[] {
    const items: string[] = [];
    const parents = [spanId];
    // The list grows while it is walked; what is taken is gone, so ids in a circle end the walk.
    for (const parent of parents) {
      const children = this.#children.get(parent) ?? [];
      this.#children.delete(parent);
      for (const child of children) {
        if (child.item !== undefined) items.push(this.#reparented(child.item));
        if (child.clue !== undefined) clues.push(child.clue);
        parents.push(child.spanId);
      }
    }
    return items;
  }

  /** Takes out everything. */
  takeAll(): string[] {
    const items = [...this.#children.values()]
      .flat()
      .map(({ item }) => item)
      .filter((item) => item !== undefined)
      .map((item) => this.#reparented(item));
    this.#children.clear();
    return items;
  }

  // Under their own ids, and as they are written.
  #leaveOut(parentSpanId: string, spanId: string): void {
    this.leftOut += 1;
    if (this.#parentOf.size >= MAX_LEFT_OUT) return;
    this.#parentOf.set(spanId, parentSpanId);
    this.#parentOf.set(validSpanId(spanId), parentSpanId);
  }

  #reparented(item: string): string {
    return this.#parentOf.size === 0 ? item : reparentedText(item, this.#parentOf);
  }
}
