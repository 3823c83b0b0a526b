import { randomBytes } from "node:crypto";

import { propagationContextFromHeaders } from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { sampleRandOf } from "../../src/trace/sample-rand.js";
import { runs } from "../property/runs.js";

const traceIds = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const rates = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 1_000_000 }).map((step) => step / 1_000_000),
);

// The definition, in arithmetic of unlimited precision.
function expected(traceId: string): number {
  const random = BigInt(`0x${traceId.slice(18)}`);
  return Number(((2n ** 56n - 1n - random) * 1_000_000n) / 2n ** 56n) / 1_000_000;
}

function fromSender(traceId: string, dsc: Record<string, string>, sampled?: boolean): number {
  return sampleRandOf(traceId, { traceId, sampled, dsc });
}

describe("sample_rand", () => {
  it("of a trace id is one minus its last 56 bits, in a million steps", () => {
    fc.assert(
      fc.property(traceIds, (traceId) => {
        expect(sampleRandOf(traceId, undefined)).toBe(expected(traceId));
      }),
      { numRuns: runs(20_000) },
    );
  });

  it.each([
    ["0".repeat(18) + "0".repeat(14), 0.999999],
    ["0".repeat(18) + "f".repeat(14), 0],
    ["0".repeat(18) + "8" + "0".repeat(13), 0.499999],
    ["f".repeat(18) + "7" + "F".repeat(13), 0.5],
    ["", 0.999999],
  ])("of %j is %d", (traceId, rand) => {
    expect(sampleRandOf(traceId, undefined)).toBe(rand);
  });

  it("has six decimals at most and never reaches 1, whatever the id and the sender", () => {
    const texts = fc.option(fc.oneof(fc.string(), rates.map(String)), { nil: undefined });
    fc.assert(
      fc.property(
        fc.oneof(traceIds, fc.string()),
        texts,
        fc.boolean(),
        (traceId, rate, sampled) => {
          const rand = fromSender(
            traceId,
            rate === undefined ? {} : { sample_rate: rate },
            sampled,
          );
          expect(rand).toBeGreaterThanOrEqual(0);
          expect(rand).toBeLessThan(1);
          expect(String(rand)).toMatch(/^0(\.\d{1,6})?$/);
        },
      ),
      { numRuns: runs(20_000) },
    );
  });

  it("of 10,000 traces is below 0.5 for half of them", () => {
    const below = Array.from({ length: 10_000 }, () => randomBytes(16).toString("hex")).filter(
      (traceId) => sampleRandOf(traceId, undefined) < 0.5,
    );
    expect(below.length).toBeGreaterThan(4_800);
    expect(below.length).toBeLessThan(5_200);
  });

  it("keeps what a consistent sampler of OpenTelemetry keeps at the same rate", () => {
    fc.assert(
      fc.property(traceIds, fc.integer({ min: 1, max: 99 }), (traceId, percent) => {
        const threshold = (2n ** 56n * BigInt(100 - percent)) / 100n;
        const kept = BigInt(`0x${traceId.slice(18)}`) >= threshold;
        expect(sampleRandOf(traceId, undefined) < percent / 100).toBe(kept);
      }),
    );
  });

  it.each(["0", "0.25", "0.999999", "3e-7", "0.12345678901234567"])(
    "is the sender's %s, as the vendor reads it",
    (text) => {
      const traceId = "4c79f60c11214eb38604f4ae0781bfb2";
      expect(fromSender(traceId, { sample_rand: text })).toBe(Number(text));
      expect(
        propagationContextFromHeaders(`${traceId}-b0e6f15b45c36b12-1`, `sentry-sample_rand=${text}`)
          .sampleRand,
      ).toBe(Number(text));
    },
  );

  it.each(["", " ", "1", "1.5", "-0.1", "NaN", "abc", "0.5x"])("is not the sender's %j", (text) => {
    const traceId = "4c79f60c11214eb38604f4ae0781bfb2";
    expect(fromSender(traceId, { sample_rand: text })).toBe(expected(traceId));
  });

  it("is not that of another trace", () => {
    const incoming = { traceId: "f".repeat(32), sampled: true, dsc: { sample_rand: "0.1" } };
    const traceId = "4c79f60c11214eb38604f4ae0781bfb2";
    expect(sampleRandOf(traceId, incoming)).toBe(expected(traceId));
  });

  it("agrees with the sender's rate and decision wherever six decimals can", () => {
    const attainable = fc
      .tuple(rates, fc.boolean())
      .filter(([rate, sampled]) => (sampled ? rate > 0 : rate <= 0.999999));
    fc.assert(
      fc.property(traceIds, attainable, (traceId, [rate, sampled]) => {
        const rand = fromSender(traceId, { sample_rate: String(rate) }, sampled);
        expect(rand < rate).toBe(sampled);
      }),
      { numRuns: runs(20_000) },
    );
  });

  it("agrees with rate and decision also at the ends of the range, for rates between doubles", () => {
    const lowest = "f".repeat(32);
    const highest = "0".repeat(32);
    const wrong: number[] = [];
    const stride = Math.ceil(1_000_000 / runs(150_000));
    for (let step = 1; step < 1_000_000; step += stride) {
      const exact = step / 1_000_000;
      for (const rate of [exact, exact * (1 + Number.EPSILON), exact * (1 - Number.EPSILON)]) {
        const dsc = { sample_rate: String(rate) };
        if (fromSender(highest, dsc, true) >= rate) wrong.push(rate);
        if (rate <= 0.999999 && fromSender(lowest, dsc, false) < rate) wrong.push(rate);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("is spread evenly over the range that the sender leaves open", () => {
    const rands = Array.from({ length: 10_000 }, () =>
      fromSender(randomBytes(16).toString("hex"), { sample_rate: "0.2" }, false),
    );
    const lowHalf = rands.filter((rand) => rand < 0.6).length;
    expect(lowHalf).toBeGreaterThan(4_800);
    expect(lowHalf).toBeLessThan(5_200);
  });

  it("is derived from the id alone when rate and decision contradict each other", () => {
    const traceId = "4c79f60c11214eb38604f4ae0781bfb2";
    expect(fromSender(traceId, { sample_rate: "0" }, true)).toBe(expected(traceId));
    expect(fromSender(traceId, { sample_rate: "1" }, false)).toBe(expected(traceId));
  });
});
