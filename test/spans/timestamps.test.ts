import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { HighResolutionTime } from "../../src/trace/span.js";
import { TimestampEncoder, validTimes } from "../../src/spans/json-values.js";
import { runs } from "../property/runs.js";

const NOW_MILLIS = 1_795_341_600_500;
const NOW = NOW_MILLIS * 1000;

function times(start: unknown, end: unknown): ReturnType<typeof validTimes> {
  return validTimes(start as HighResolutionTime, end as HighResolutionTime, () => NOW_MILLIS);
}

describe("the times of a span", () => {
  it("are whole microseconds", () => {
    expect(times([1_795_341_600, 123_456_789], [1_795_341_601, 999])).toEqual({
      start: 1_795_341_600_123_456,
      end: 1_795_341_601_000_000,
      repaired: false,
    });
  });

  it("may be one and the same", () => {
    expect(times([5, 7000], [5, 7000])).toEqual({
      start: 5_000_007,
      end: 5_000_007,
      repaired: false,
    });
  });

  it.each<[string, [start: unknown, end: unknown], number]>([
    [
      "an end before the start is the start",
      [
        [10, 0],
        [9, 0],
      ],
      10_000_000,
    ],
    [
      "no end is the start",
      [
        [10, 0],
        [0, 0],
      ],
      10_000_000,
    ],
    [
      "NaN for an end is the start",
      [
        [10, 0],
        [Number.NaN, 0],
      ],
      10_000_000,
    ],
    [
      "infinity for an end is the start",
      [
        [10, 0],
        [Number.POSITIVE_INFINITY, 0],
      ],
      10_000_000,
    ],
    [
      "a negative end is the start",
      [
        [10, 0],
        [-1, 0],
      ],
      10_000_000,
    ],
    [
      "NaN for a start is the end",
      [
        [Number.NaN, Number.NaN],
        [10, 0],
      ],
      10_000_000,
    ],
    [
      "a negative start is the end",
      [
        [-5, 0],
        [10, 0],
      ],
      10_000_000,
    ],
    [
      "too many nanoseconds are no time",
      [
        [10, 2e9],
        [11, 0],
      ],
      11_000_000,
    ],
    [
      "a text is no time",
      [
        ["x", "y"],
        [11, 0],
      ],
      11_000_000,
    ],
    [
      "a time in microseconds instead of seconds is no time",
      [
        [1.7e15, 0],
        [11, 0],
      ],
      11_000_000,
    ],
    [
      "two bad times are now",
      [
        [Number.NaN, 0],
        [-1, 0],
      ],
      NOW,
    ],
    ["two empty times are now", [[], []], NOW],
  ])("%s", (_, [start, end], micros) => {
    expect(times(start, end)).toEqual({ start: micros, end: micros, repaired: true });
  });

  it("are finite, whole and in order, whatever they were", () => {
    const part = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constantFrom(0, -0, 1e9, 253_402_300_799, Number.NaN, undefined, null, "7"),
    );
    const time = fc.array(part, { minLength: 0, maxLength: 3 });
    fc.assert(
      fc.property(time, time, (startTime, endTime) => {
        const { start, end } = times(startTime, endTime);
        expect(Number.isSafeInteger(start) && Number.isSafeInteger(end)).toBe(true);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThanOrEqual(start);
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe("a timestamp", () => {
  it("is written in seconds with six decimals", () => {
    const encoder = new TimestampEncoder(',"t":');
    expect(
      [0, 1, 999_999, 1_000_000, 1_795_341_600_000_001].map((micros) => encoder.text(micros)),
    ).toEqual([
      ',"t":0.000000',
      ',"t":0.000001',
      ',"t":0.999999',
      ',"t":1.000000',
      ',"t":1795341600.000001',
    ]);
  });

  it("is the number of microseconds, in whatever order times come", () => {
    const encoder = new TimestampEncoder("");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4e15 })), (many) => {
        for (const micros of many) {
          const [seconds, fraction] = encoder.text(micros).split(".");
          expect(`${seconds}${fraction}`.replace(/^0+(?=\d)/, "")).toBe(String(micros));
        }
      }),
    );
  });
});
