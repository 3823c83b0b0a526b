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
  readonly #waiting = new Set<Segment>();
  /** Segments with buffered spans. */
  readonly #holding = new Set<Segment>();
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
    this.#holding.add(segment);
    this.#arm();
  }

  /** Adds a segment whose root has ended before its descendants. */
  watchGrace(segment: Segment): void {
    if (this.#waiting.has(segment)) return;
    segment.waitingSince = this.#sweep;
    this.#waiting.add(segment);
    this.#arm();
  }

  /** Removes a segment. */
  forget(segment: Segment): void {
    this.#holding.delete(segment);
    if (segment.waitingSince >= 0) this.#waiting.delete(segment);
  }

  /** Returns the segment that has buffered spans longest, or else the one that has waited longest. */
  oldest(): Segment | undefined {
    return this.#holding.values().next().value ?? this.#waiting.values().next().value;
  }

  /** Returns all segments. */
  all(): Segment[] {
    return [...new Set([...this.#waiting, ...this.#holding])];
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
    if (this.#waiting.size > 0 || this.#holding.size > 0) this.#arm();
  }

  // Both sets are in the order of their deadlines, so the loop ends at the first segment that is not due.
  #endGrace(): void {
    for (const segment of this.#waiting) {
      if (this.#sweep - segment.waitingSince <= this.#graceSweeps) return;
      this.#waiting.delete(segment);
      this.#handlers.onGraceOver(segment);
    }
  }

  #endAge(): void {
    for (const segment of this.#holding) {
      const since = (segment.kept ?? segment.overflow)?.since ?? this.#sweep;
      if (this.#sweep - since <= this.#maxWaitSweeps) return;
      this.#holding.delete(segment);
      this.#handlers.onTooOld(segment);
    }
  }
}
