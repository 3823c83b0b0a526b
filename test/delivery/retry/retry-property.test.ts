import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { answered, failed, retryBench } from "./retry-bench.js";
import type { Step } from "./retry-run.js";
import { RetryRun } from "./retry-run.js";
import { runs } from "../../property/runs.js";

const failure = fc
  .constantFrom("connect", "answer", "timeout", "reused", "refused", undefined)
  .map(failed);
const response = fc
  .tuple(
    fc.constantFrom(200, 200, 400, 413, 429, 500, 502, 503, 504),
    fc.constantFrom(undefined, "0", "3", "500", "-1", "soon"),
  )
  .map(([status, retryAfter]) => answered(status, retryAfter));
const result = fc.oneof(
  { weight: 10, arbitrary: failure },
  { weight: 3, arbitrary: response },
  { weight: 1, arbitrary: fc.constant(new Error("a bug")) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      category: fc.constantFrom("transaction" as const, "monitor" as const),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant("settle" as const), index: fc.nat(20), result }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("advance" as const),
      millis: fc.oneof(fc.integer({ min: 1, max: 1200 }), fc.constantFrom(5000, 30_000, 200_000)),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ do: "wake" }) },
);

// Closing early would leave little to see, so it comes at the end, and now and then before.
const script = fc.tuple(
  fc.array(step, { minLength: 20, maxLength: 150 }),
  fc.option(fc.nat(149), { freq: 4 }),
);
const settings = fc.record({
  retryOn5xx: fc.boolean(),
  failFast: fc.boolean(),
  chances: fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), {
    minLength: 1,
    maxLength: 20,
  }),
});

describe("whatever happens to a retry transport", () => {
  it("each send has one outcome, and no envelope is sent more often or later than is safe", async () => {
    const property = fc.asyncProperty(script, settings, async ([steps, closeAt], given) => {
      const { chances, ...options } = given;
      let drawn = 0;
      const random = (): number => chances[drawn++ % chances.length] ?? 0;
      const run = new RetryRun(retryBench({ ...options, random }), options.retryOn5xx);
      for (const [index, next] of steps.entries()) {
        if (index === closeAt) await run.take({ do: "close" });
        await run.take(next);
      }
      await run.end();
      expect(run.faults).toEqual([]);
    });
    await fc.assert(property, { numRuns: runs(1000) });
  });
});
