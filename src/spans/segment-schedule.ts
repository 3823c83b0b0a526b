import type { SetTimer } from "../support/time.js";
import type { Segment } from "./segment.js";

export interface ScheduleSettings {
  readonly setTimer: SetTimer;
  /** How long a segment whose root has ended waits for spans that have not. */
  readonly graceMillis: number;
  /** How long a finished span waits for a root that stays open. */
  readonly maxWaitMillis: number;
}

export interface ScheduleHandlers {
  readonly onGraceOver: (segment: Segment) => void;
  readonly onTooOld: (segment: Segment) => void;
}

const SWEEP_MILLIS = 250;

/**
 * Segments that wait for something, in the order in which they began to. One timer serves all, and
 * only while there are any: time is counted in its sweeps, so that no clock is read per span.
 */
export class SegmentSchedule {
  readonly #settings: ScheduleSettings;
  readonly #handlers: ScheduleHandlers;
  readonly #graceSweeps: number;
  readonly #maxWaitSweeps: number;
  /** Root has ended, descendants have not. */
  readonly #waiting = new Set<Segment>();
  /** Has finished spans in memory. */
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

  /** The number of the current sweep: the schedule's clock. */
  get sweep(): number {
    return this.#sweep;
  }

  /** The segment has begun to hold finished spans. */
  watchAge(segment: Segment): void {
    this.#holding.add(segment);
    this.#arm();
  }

  /** The segment's root has ended before its descendants. */
  watchGrace(segment: Segment): void {
    if (this.#waiting.has(segment)) return;
    segment.waitingSince = this.#sweep;
    this.#waiting.add(segment);
    this.#arm();
  }

  /** The segment waits for nothing any more. */
  forget(segment: Segment): void {
    this.#holding.delete(segment);
    if (segment.waitingSince >= 0) this.#waiting.delete(segment);
  }

  /** The segment that has held finished spans, or waited, for the longest time. */
  oldest(): Segment | undefined {
    return this.#holding.values().next().value ?? this.#waiting.values().next().value;
  }

  /** All segments that wait or hold something. */
  all(): Segment[] {
    return [...new Set([...this.#waiting, ...this.#holding])];
  }

  /** Stops the timer for good. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined || this.#closed) return;
    this.#cancelTimer = this.#settings.setTimer(() => this.#onSweep(), SWEEP_MILLIS);
  }

  #onSweep(): void {
    this.#cancelTimer = undefined;
    this.#sweep++;
    this.#endGrace();
    this.#endAge();
    if (this.#waiting.size > 0 || this.#holding.size > 0) this.#arm();
  }

  // Both sets are in the order of their deadlines, so that the first that is not due ends the walk.
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
