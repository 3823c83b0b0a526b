import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import {
  NO_PRESSURE,
  createBackpressure,
  applyPressure,
  underPressure,
} from "../../src/trace/backpressure.js";
import type { Pressure } from "../../src/trace/backpressure.js";

interface Kit {
  readonly pressure: Pressure;
  readonly clock: { now: number };
  readonly server: { isHealthy: boolean };
  readonly isHealthy: ReturnType<typeof vi.fn<() => boolean>>;
}

function startPressure(intervalMillis?: number): Kit {
  const clock = { now: 1_000_000 };
  const server = { isHealthy: false };
  const isHealthy = vi.fn<() => boolean>(() => server.isHealthy);
  const pressure = createBackpressure({ isHealthy, now: () => clock.now, intervalMillis });
  return { pressure, clock, server, isHealthy };
}

describe("the pressure", () => {
  it("rises by one every 10 seconds that find trouble, up to 10", () => {
    const { pressure, clock } = startPressure();
    const factors = [pressure.factor()];
    for (let look = 0; look < 12; look++) {
      clock.now += 10_000;
      factors.push(pressure.factor());
    }
    expect(factors).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10]);
  });

  it("is gone at the first look that finds no trouble", () => {
    const { pressure, clock, server } = startPressure();
    for (let look = 0; look < 3; look++) {
      clock.now += 10_000;
      pressure.factor();
    }
    server.isHealthy = true;
    expect(pressure.factor()).toBe(3);
    clock.now += 10_000;
    expect(pressure.factor()).toBe(0);
  });

  it("is looked at no more than once in 10 seconds, however often it is asked for", () => {
    const { pressure, clock, isHealthy } = startPressure();
    for (let asked = 0; asked < 1000; asked++) {
      clock.now += 99;
      pressure.factor();
    }
    expect(isHealthy).toHaveBeenCalledTimes(9);
  });

  it("rises by one only over an hour in which nobody asked", () => {
    const { pressure, clock } = startPressure();
    clock.now += 3_600_000;
    expect(pressure.factor()).toBe(1);
    expect(pressure.factor()).toBe(1);
  });

  it("is gone after an hour in which nobody asked, if there is no trouble now", () => {
    const { pressure, clock, server } = startPressure();
    clock.now += 10_000;
    expect(pressure.factor()).toBe(1);
    server.isHealthy = true;
    clock.now += 3_600_000;
    expect(pressure.factor()).toBe(0);
  });

  it("has an interval of one's own", () => {
    const { pressure, clock } = startPressure(3);
    clock.now += 3;
    expect(pressure.factor()).toBe(1);
  });

  it("is never there where it is not measured", () => {
    expect(NO_PRESSURE.factor()).toBe(0);
  });
});

const rate = fc.double({ min: 0, max: 1, noNaN: true });
const rand = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const factor = fc.integer({ min: 0, max: 10 });

describe("a decision under pressure", () => {
  it.each([
    [0.8, 0.3, 1, "kept", 0.4],
    [0.8, 0.4, 1, "backpressure", 0.4],
    [0.8, 0.79, 1, "backpressure", 0.4],
    [0.8, 0.8, 1, "sample_rate", 0.4],
    [1, 0.0009, 10, "kept", 1 / 1024],
    [1, 0.001, 10, "backpressure", 1 / 1024],
    [0, 0, 3, "sample_rate", 0],
  ] as const)("at the rate %d and the rand %d, halved %d times, is %s", (...row) => {
    const [sampleRate, sampleRand, times, outcome, effective] = row;
    expect(underPressure(sampleRate, sampleRand, times)).toEqual({
      outcome,
      sampleRate: effective,
    });
  });

  it("is the rate's own without pressure", () => {
    fc.assert(
      fc.property(rate, rand, (sampleRate, sampleRand) => {
        expect(underPressure(sampleRate, sampleRand, 0)).toEqual({
          outcome: sampleRand < sampleRate ? "kept" : "sample_rate",
          sampleRate,
        });
      }),
    );
  });

  it("keeps nothing that a lower pressure has not kept, and blames itself only for what the rate had kept", () => {
    fc.assert(
      fc.property(rate, rand, factor, (sampleRate, sampleRand, times) => {
        const { outcome } = underPressure(sampleRate, sampleRand, times + 1);
        const before = underPressure(sampleRate, sampleRand, times).outcome;
        expect(outcome === "kept" && before !== "kept").toBe(false);
        expect(outcome === "sample_rate").toBe(sampleRand >= sampleRate);
      }),
    );
  });
});

describe("a decision that was taken elsewhere, under pressure", () => {
  it.each([
    ["a rate's, kept", [0.8, true, 0.3], undefined, [0.4, true], undefined],
    ["a rate's, lost", [0.8, true, 0.5], undefined, [0.4, false], "backpressure"],
    ["a rate's, which was none to keep", [0.8, false, 0.9], undefined, [0.4, false], "sample_rate"],
    ["the sender's, kept", [undefined, true, 0.3], undefined, [0.5, true], undefined],
    ["the sender's, lost", [undefined, true, 0.5], 0.9, [0.5, false], "backpressure"],
    ["the sender's, whose rate is higher", [undefined, true, 0.3], 0.9, [0.5, true], undefined],
    [
      "the sender's, whose rate is lower",
      [undefined, true, 0.05],
      0.1,
      [undefined, true],
      undefined,
    ],
    ["the sender's refusal", [undefined, false, 0.3], 0.9, [undefined, false], "sample_rate"],
  ] as const)("%s", (...row) => {
    const [, [rateBefore, sampled, sampleRand], senderRate, after, lostTo] = row;
    const before = { sampled, sampleRate: rateBefore, sampleRand };
    const [sampleRate, isSampled] = after;
    expect(applyPressure(before, 1, senderRate)).toEqual({
      sampling: { sampled: isSampled, sampleRate, sampleRand },
      lostTo,
    });
    expect(applyPressure(before, 0, senderRate)).toEqual({
      sampling: before,
      lostTo: sampled ? undefined : "sample_rate",
    });
  });

  it("holds with its rate: sampled where the rand is below it", () => {
    fc.assert(
      fc.property(rate, rand, factor, (sampleRate, sampleRand, times) => {
        const decided = { sampled: sampleRand < sampleRate, sampleRate, sampleRand };
        const { sampling, lostTo } = applyPressure(decided, times, undefined);
        expect(sampling.sampled).toBe(sampleRand < (sampling.sampleRate ?? Number.NaN));
        expect(lostTo === undefined).toBe(sampling.sampled);
      }),
    );
  });
});
