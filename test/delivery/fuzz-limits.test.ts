import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { DataCategory } from "../../src/protocol/data-category.js";
import { retryAfterMillis } from "../../src/delivery/retry/back-off.js";
import type { RateLimits } from "../../src/delivery/rate-limits.js";
import { createRateLimits } from "../../src/delivery/rate-limits.js";
import { hostileValues } from "./fuzz-inputs.js";
import { SEED, times } from "../property/runs.js";

process.stdout.write(`hostile limits by seed ${SEED}\n`);

const DAY = 24 * 60 * 60 * 1000;
const CATEGORIES: readonly DataCategory[] = [
  "attachment",
  "default",
  "error",
  "feedback",
  "internal",
  "log_byte",
  "log_item",
  "monitor",
  "session",
  "span",
  "trace_metric",
  "transaction",
];

// The steady clock and that on the wall.
const nows = fc.oneof(fc.nat(1e9), fc.constant(Date.parse("2026-11-22T10:00:00.000Z")));
const answers = fc.record({
  statusCode: fc.constantFrom(200, 429, 429, 413, 500, 503),
  rateLimits: fc.option(hostileValues, { nil: undefined }),
  retryAfter: fc.option(hostileValues, { nil: undefined }),
  pauseMillis: fc.nat(100_000),
});

const LOOKS = [0, 1, 500, 59_999, 60_000, 3_600_000, DAY - 1];

// Whether each category is limited at each of these times from now on.
function limitedAt(limits: RateLimits, now: number): boolean[] {
  return CATEGORIES.flatMap((each) => LOOKS.map((millis) => limits.isLimited(each, now + millis)));
}

describe("40,000 sequences of answers with hostile limits", () => {
  it("never throw, never last longer than a day, and never shorten an earlier limit", () => {
    fc.assert(
      fc.property(nows, fc.array(answers, { minLength: 1, maxLength: 3 }), (start, sequence) => {
        const limits = createRateLimits();
        let now = start;
        for (const { statusCode, rateLimits, retryAfter, pauseMillis } of sequence) {
          const before = limitedAt(limits, now);
          limits.update({ rateLimits, retryAfter }, statusCode, now);
          const after = limitedAt(limits, now);
          expect(before.every((wasLimited, index) => !wasLimited || after[index])).toBe(true);
          expect(limits.isActive(now + DAY)).toBe(false);
          now += pauseMillis;
        }
      }),
      times(40_000),
    );
  });
});

describe("40,000 hostile values of Retry-After", () => {
  it("are a delay between 0 and a day, or ignored", () => {
    fc.assert(
      fc.property(hostileValues, nows, (value, now) => {
        const millis = retryAfterMillis(value, now) ?? 0;
        expect(millis >= 0 && millis <= DAY).toBe(true);
      }),
      times(40_000),
    );
  });
});
