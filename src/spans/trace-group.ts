import type { RequestClue } from "../semantics/request-clue.js";
import type { ResourceView } from "../trace/span.js";
import { validSpanId } from "../trace/span.js";
import { reparentedText } from "./chunk.js";
import type { SegmentOrigin } from "./segment.js";

/** Filtered-out spans that are remembered per trace; further ones are not remembered. */
const MAX_LEFT_OUT = 10_000;

/** A finished span that waits for its root. */
export interface WaitingSpan {
  readonly spanId: string;
  /** The encoded span; undefined if it was filtered out, so that its children become children of its parent. */
  readonly item: string | undefined;
  /** Clue about the name of its request. */
  readonly clue?: RequestClue | undefined;
}

/** The buffered spans of one trace by parent, until their local root arrives. */
export class TraceGroup {
  readonly origin: SegmentOrigin;
  readonly resource: ResourceView;
  /** Number of the round in which the first span arrived. */
  readonly since: number;
  /** Number of filtered-out spans. */
  leftOut: number = 0;
  readonly #children = new Map<string, WaitingSpan[]>();
  /** Maps the ids of filtered-out spans to their parents. */
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

  /** Removes and returns the span's descendants, parents before children. Adds their clues to `clues`. */
  takeDescendants(spanId: string, clues: RequestClue[] = []): string[] {
    const items: string[] = [];
    const parents = [spanId];
    // The list grows during the loop. Visited spans are removed, so the loop ends even if ids form a cycle.
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

  /** Removes and returns all spans. */
  takeAll(): string[] {
    const items = [...this.#children.values()]
      .flat()
      .map(({ item }) => item)
      .filter((item) => item !== undefined)
      .map((item) => this.#reparented(item));
    this.#children.clear();
    return items;
  }

  // Registered under the original id and the id as it is encoded.
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
