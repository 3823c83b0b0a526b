import type { SegmentFact, SpanFact } from "./facts.js";
import type { UnitData } from "./unit-data.js";

/** One time at which spans of a segment left: one transaction, or more if there are many spans. */
export interface Emission {
  readonly segment: SegmentFact;
  /** With the root, before it has ended, or after it has gone. */
  readonly kind: "late" | "partial" | "root";
  readonly data: UnitData;
  readonly spans: readonly SpanFact[];
  /** The root had ended so long before that the grace may have been over: the time is not exact. */
  readonly isOverdue: boolean;
}

interface SegmentRun {
  open: number;
  rootEnded: number | undefined;
  /** Its root and all spans that had started have ended. */
  isComplete: boolean;
  readonly finished: SpanFact[];
}

/** A little less than the grace that a segment has after its root's end. */
const GRACE_MILLIS = 900;

/**
 * When segments are complete: the moment in which the root and all started descendants have ended. A
 * flush sends what has finished without waiting.
 */
export class SegmentBook {
  readonly emissions: Emission[] = [];
  /** Ended, and not sent, by reason. */
  readonly dropped = { ignored: 0, sample_rate: 0 };
  started = 0;
  readonly #dataOf: (segment: SegmentFact) => UnitData;
  readonly #runs = new Map<SegmentFact, SegmentRun>();

  constructor(dataOf: (segment: SegmentFact) => UnitData) {
    this.#dataOf = dataOf;
  }

  start({ segment }: SpanFact): void {
    if (segment === undefined) return;
    this.started++;
    this.#runOf(segment).open++;
  }

  end(span: SpanFact): void {
    const { segment } = span;
    if (segment === undefined) return;
    const run = this.#runOf(segment);
    run.open--;
    if (segment.fate === "ignored" || (segment.fate === "sent" && span.ignored))
      this.dropped.ignored++;
    else if (segment.fate === "refused") this.dropped.sample_rate++;
    else run.finished.push(span);
    if (span.label === segment.root) run.rootEnded = performance.now();
    if (run.rootEnded === undefined || run.open > 0) return;
    run.isComplete = true;
    this.#emit(segment, run);
  }

  /** Whether the segment has begun and was never complete. */
  isOpen(segment: SegmentFact): boolean {
    return this.#runs.get(segment)?.isComplete === false;
  }

  flush(): void {
    for (const [segment, run] of this.#runs) this.#emit(segment, run);
  }

  #emit(segment: SegmentFact, run: SegmentRun): void {
    if (run.finished.length === 0) return;
    const spans = run.finished.splice(0);
    const hasRoot = spans.some((span) => span.label === segment.root);
    const lateness = run.rootEnded === undefined ? 0 : performance.now() - run.rootEnded;
    this.emissions.push({
      segment,
      kind: hasRoot ? "root" : run.rootEnded === undefined ? "partial" : "late",
      data: this.#dataOf(segment),
      spans,
      isOverdue: lateness > GRACE_MILLIS,
    });
  }

  #runOf(segment: SegmentFact): SegmentRun {
    const known = this.#runs.get(segment);
    if (known !== undefined) return known;
    const run = { open: 0, rootEnded: undefined, isComplete: false, finished: [] };
    this.#runs.set(segment, run);
    return run;
  }
}
