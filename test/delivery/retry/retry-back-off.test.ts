import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import {
  backOffMillis,
  briefDelayMillis,
  retryAfterMillis,
} from "../../../src/delivery/retry/back-off.js";
import { RetryBudget } from "../../../src/delivery/retry/retry-policy.js";

const chance = fc.double({ min: 0, max: 0.999_999, noNaN: true });

describe("a back-off", () => {
  it("is between 0.5 and 30 seconds, however many failures there were", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), chance, (failures, random) => {
        const millis = backOffMillis(failures, () => random);
        expect(millis).toBeGreaterThanOrEqual(500);
        expect(millis).toBeLessThanOrEqual(30_000);
      }),
    );
  });

  it("doubles with each failure", () => {
    const longest = [1, 2, 3, 4, 5, 6, 7].map((failures) => backOffMillis(failures, () => 1));
    expect(longest).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    const shortest = [1, 2, 3, 4, 5, 6, 7].map((failures) => backOffMillis(failures, () => 0));
    expect(shortest).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  });

  it("that is brief is up to a second, half a second on average", () => {
    expect([0, 0.5, 1].map((random) => briefDelayMillis(() => random))).toEqual([0, 500, 1000]);
  });
});

describe("Retry-After", () => {
  const NOW = Date.parse("2026-01-02T03:04:05Z");

  it.each([
    ["3", 3000],
    [" 2.5 ", 2500],
    ["0", 0],
    ["-7", 0],
    ["1e9", 86_400_000],
    ["Infinity", 86_400_000],
    ["Fri, 02 Jan 2026 03:04:35 GMT", 30_000],
    ["Friday, 02-Jan-26 03:04:35 GMT", 30_000],
    ["Fri Jan  2 03:04:35 2026 GMT", 30_000],
    ["Fri, 02 Jan 2026 03:04:00 GMT", 0],
    ["Fri, 02 Jan 2099 03:04:00 GMT", 86_400_000],
  ])("%j is a wait of %d ms", (header, millis) => {
    expect(retryAfterMillis(header, NOW)).toBe(millis);
  });

  it("is a date in GMT where it names no zone, wherever the process runs", () => {
    vi.stubEnv("TZ", "America/New_York");
    const isAway = new Date(NOW).getHours() !== new Date(NOW).getUTCHours();
    const millis = retryAfterMillis("Fri Jan  2 03:04:35 2026", NOW);
    vi.unstubAllEnvs();
    expect([isAway, millis]).toEqual([true, 30_000]);
  });

  it.each([undefined, "", " "])("%j is none", (header) => {
    expect(retryAfterMillis(header, NOW)).toBeUndefined();
  });

  it.each([
    "soon",
    "3 s",
    "1, 2",
    "NaN",
    "Fri, 99 Foo 2026 99:99:99 GMT",
    "5;",
    "May 5",
    "2026-01-02T03:04:35Z",
  ])("%j, which is neither a number nor a date, is a minute", (header) => {
    expect(retryAfterMillis(header, NOW)).toBe(60_000);
  });

  it("is never negative, longer than a day or not a number, whatever is in it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String)), (header) => {
        const millis = retryAfterMillis(header, NOW) ?? 0;
        expect(millis >= 0 && millis <= 86_400_000).toBe(true);
      }),
    );
  });

  it("compares a date with the wall clock", () => {
    const header = new Date(Date.now() + 60_000).toUTCString();
    const millis = retryAfterMillis(header) ?? 0;
    expect(millis).toBeGreaterThan(50_000);
    expect(millis).toBeLessThanOrEqual(60_000);
  });
});

describe("a retry budget", () => {
  it("is never negative and never more than 500, whatever is paid in and out", () => {
    const step = fc.constantFrom(0, 5, 10);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 500 }), (steps) => {
        const budget = new RetryBudget();
        for (const cost of steps) {
          if (cost === 0) budget.credit();
          else budget.take(cost);
          expect(budget.tokens).toBeGreaterThanOrEqual(0);
          expect(budget.tokens).toBeLessThanOrEqual(500);
        }
      }),
    );
  });

  it("takes all of a cost or nothing", () => {
    const budget = new RetryBudget();
    for (let count = 0; count < 99; count += 1) expect(budget.take(5)).toBe(true);
    expect(budget.take(10)).toBe(false);
    expect(budget.tokens).toBe(5);
    expect(budget.take(5)).toBe(true);
    expect(budget.take(5)).toBe(false);
  });
});
