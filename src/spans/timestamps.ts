import type { HighResolutionTime } from "../trace/span.js";
import { LastText } from "./last-text.js";

/** Start and end of a span in whole microseconds since the epoch, with start ≤ end. */
export interface TimeSpan {
  start: number;
  end: number;
}

const MICROS_PER_SECOND = 1e6;

// The year 2242: what is later is a broken clock or a wrong unit, and its microseconds are not exact.
const LATEST_SECONDS = 2 ** 33;

/**
 * The times of a span, made valid: one bad time would make Relay drop the whole transaction. A bad
 * end becomes the start, a bad start the end, and `nowMillis` stands in when both are bad.
 */
export function validTimes(
  startTime: HighResolutionTime,
  endTime: HighResolutionTime,
  nowMillis: () => number,
): TimeSpan & { repaired: boolean } {
  const start = toMicros(startTime);
  const end = toMicros(endTime);
  if (end >= start) return { start, end, repaired: false };
  const known = Number.isNaN(start) ? end : start;
  const time = Number.isNaN(known) ? Math.floor(nowMillis() * 1000) : known;
  return { start: time, end: time, repaired: true };
}

/** Writes a time as a member of a JSON object: seconds since the epoch with six decimals. */
export class TimestampEncoder {
  readonly #seconds: LastText<number>;

  /** `prefix` is what stands before the number. */
  constructor(prefix: string) {
    this.#seconds = new LastText((seconds) => `${prefix}${seconds}.`);
  }

  /** The member for a time in microseconds. */
  text(micros: number): string {
    const seconds = Math.floor(micros / MICROS_PER_SECOND);
    const fraction = micros - seconds * MICROS_PER_SECOND;
    return (
      this.#seconds.of(seconds, undefined, undefined) +
      String(MICROS_PER_SECOND + fraction).slice(1)
    );
  }
}

// NaN for anything that is not a time, so that one comparison finds all that is wrong.
function toMicros(time: HighResolutionTime): number {
  const seconds = time[0];
  const nanos = time[1];
  const plausible = seconds > 0 && seconds < LATEST_SECONDS && nanos >= 0 && nanos < 1e9;
  return plausible
    ? Math.floor(seconds) * MICROS_PER_SECOND + Math.floor(nanos / 1000)
    : Number.NaN;
}
