import { LinkedList } from "../support/collections.js";
import type { StartTimer } from "../support/time.js";
import type { Segment } from "./segment.js";

export interface ScheduleSettings {
  readonly startTimer: StartTimer;
  /** Milliseconds that a segment whose root has ended waits for open spans. */
  readonly graceMillis: number;
  /** Milliseconds that a finished span is buffered while its root stays open. */
  readonly maxWaitMillis: number;
}

export interface ScheduleHandlers {
  readonly onGraceOver: (segment: Segment) => void;
  readonly onTooOld: (segment: Segment) => void;
}

const SWEEP_MILLIS = 250;

/**
 * Tracks the deadlines of segments, in the order in which they were added. One timer serves all segments and runs only
 * while there are any. Time is counted in its sweeps, so that no clock is read per span.
 */
export class SegmentSchedule {
  readonly #settings: ScheduleSettings;
  readonly #handlers: ScheduleHandlers;
  readonly #graceSweeps: number;
  readonly #maxWaitSweeps: number;
  /** Segments whose root has ended but whose descendants have not. */
  readonly #waiting = new LinkedList<Segment>();
  /** Segments with buffered spans. */
  readonly #holding = new LinkedList<Segment>();
  #cancelTimer: (() => void) | undefined;
  #closed = false;
  #sweep = 0;

  constructor(settings: ScheduleSettings, handlers: ScheduleHandlers) {
    this.#settings = settings;
    this.#handlers = handlers;
    this.#graceSweeps = Math.ceil(settings.graceMillis / SWEEP_MILLIS);
    this.#maxWaitSweeps = Math.ceil(settings.maxWaitMillis / SWEEP_MILLIS);
  }

  /** The number of the current sweep, which is the schedule's clock. */
  get sweep(): number {
    return this.#sweep;
  }

  /** Adds a segment that has begun to buffer finished spans. */
  watchAge(segment: Segment): void {
    segment.holding ??= this.#holding.push(segment);
    this.#arm();
  }

  /** Adds a segment whose root has ended before its descendants. */
  watchGrace(segment: Segment): void {
    if (segment.waiting !== undefined) return;
    segment.waitingSince = this.#sweep;
    segment.waiting = this.#waiting.push(segment);
    this.#arm();
  }

  /** Removes a segment. */
  forget(segment: Segment): void {
    const { holding, waiting } = segment;
    segment.holding = undefined;
    segment.waiting = undefined;
    if (holding !== undefined) this.#holding.remove(holding);
    if (waiting !== undefined) this.#waiting.remove(waiting);
  }

  /** Returns the segment that has buffered spans longest, or else the one that has waited longest. */
  oldest(): Segment | undefined {
    return (this.#holding.first ?? this.#waiting.first)?.value;
  }

  // Removes and yields the segments that are there at the first step, one per step.
  *takeAll(): Iterable<Segment> {
    const lists = [this.#waiting, this.#holding];
    for (const [list, end] of lists.map((each) => [each, each.added] as const)) {
      for (let link = list.first; link !== undefined && link.order < end; link = list.first) {
        this.forget(link.value);
        yield link.value;
      }
    }
  }

  /** Stops the timer permanently. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined || this.#closed) return;
    this.#cancelTimer = this.#settings.startTimer(SWEEP_MILLIS, () => this.#onSweep());
  }

  #onSweep(): void {
    this.#cancelTimer = undefined;
    this.#sweep++;
    this.#endGrace();
    this.#endAge();
    if (this.oldest() !== undefined) this.#arm();
  }

  // Both lists are in the order of their deadlines, so the loop ends at the first segment that is not due.
  #endGrace(): void {
    for (let link = this.#waiting.first; link !== undefined; link = this.#waiting.first) {
      const segment = link.value;
      if (this.#sweep - segment.waitingSince <= this.#graceSweeps) return;
      this.forget(segment);
      this.#handlers.onGraceOver(segment);
    }
  }

  #endAge(): void {
    for (let link = this.#holding.first; link !== undefined; link = this.#holding.first) {
      const segment = link.value;
      const since = (segment.kept ?? segment.overflow)?.since ?? this.#sweep;
      if (this.#sweep - since <= this.#maxWaitSweeps) return;
      this.forget(segment);
      this.#handlers.onTooOld(segment);
    }
  }
}
