import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CircuitBreaker } from "../../../src/delivery/retry/circuit-breaker.js";

const REFUSED = new Error("refused");

function breakerAt(random = (): number => 0.999_999): {
  breaker: CircuitBreaker;
  clock: { now: number };
} {
  const clock = { now: 0 };
  return { breaker: new CircuitBreaker({ now: () => clock.now, random }), clock };
}

function open(breaker: CircuitBreaker): void {
  for (let count = 0; count < 5; count += 1) breaker.failed(REFUSED);
}

describe("a circuit breaker", () => {
  it("opens at the fifth failure in a row", () => {
    const { breaker } = breakerAt();
    const states = Array.from({ length: 6 }, () => {
      breaker.failed(REFUSED);
      return breaker.isOpen;
    });
    expect(states).toEqual([false, false, false, false, true, true]);
    expect(breaker.counts()).toEqual({ outages: 1, probes: 0 });
  });

  it("stays closed while there are occasional responses", () => {
    const { breaker } = breakerAt();
    for (let count = 0; count < 100; count += 1) {
      breaker.failed(REFUSED);
      if (count % 4 === 3) breaker.answered();
    }
    expect(breaker.counts().outages).toBe(0);
  });

  it("considers the server reachable until the first failure, and again from the first response", () => {
    const { breaker } = breakerAt();
    expect(breaker.isReachable).toBe(true);
    breaker.failed(REFUSED);
    expect(breaker.isReachable).toBe(false);
    expect(breaker.lastError).toBe(REFUSED);
    breaker.answered();
    expect(breaker.isReachable).toBe(true);
    expect(breaker.lastError).toBeUndefined();
  });

  it("is closed by the first response, and reports that once", () => {
    const { breaker } = breakerAt();
    open(breaker);
    expect(breaker.answered()).toBe(true);
    expect(breaker.isOpen).toBe(false);
    expect(breaker.answered()).toBe(false);
  });

  it.each([
    [0, 500],
    [3000, 500],
    [20_000, 2000],
    [100_000, 10_000],
    [300_000, 30_000],
    [24 * 60 * 60_000, 30_000],
  ])("after an outage of %d ms the next probe is due in %d at most", (outage, delay) => {
    for (const chance of [0, 0.5, 0.999_999]) {
      const { breaker, clock } = breakerAt(() => chance);
      open(breaker);
      clock.now = outage;
      breaker.takeProbe();
      const wait = breaker.nextProbeAt - clock.now;
      expect(wait).toBeGreaterThanOrEqual(delay / 2);
      expect(wait).toBeLessThanOrEqual(delay);
    }
  });

  it("notices a server's return within a tenth of the outage or half a second", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 250_000 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999_999, noNaN: true })),
        (outage, chances) => {
          const { breaker, clock } = breakerAt(() => chances.next().value ?? 0);
          open(breaker);
          while (clock.now < outage) {
            clock.now = breaker.nextProbeAt;
            expect(breaker.takeProbe()).toBe(true);
          }
          expect(clock.now - outage).toBeLessThanOrEqual(Math.max(outage / 10, 500));
        },
      ),
    );
  });

  it("allows no probe before it is due", () => {
    const { breaker, clock } = breakerAt();
    open(breaker);
    expect(breaker.takeProbe()).toBe(false);
    clock.now = breaker.nextProbeAt;
    expect(breaker.takeProbe()).toBe(true);
    expect(breaker.takeProbe()).toBe(false);
    expect(breaker.counts()).toEqual({ outages: 1, probes: 1 });
  });

  it("can be hastened, but not to more than four probes in a second", () => {
    const { breaker, clock } = breakerAt();
    open(breaker);
    clock.now = 600_000;
    breaker.takeProbe();
    let probes = 0;
    for (let millis = 1; millis <= 1000; millis += 1) {
      clock.now += 1;
      breaker.hasten();
      if (breaker.takeProbe()) probes += 1;
    }
    expect(probes).toBe(4);
  });

  it("is never slowed down by being hastened", () => {
    const { breaker, clock } = breakerAt(() => 0);
    open(breaker);
    const due = breaker.nextProbeAt;
    clock.now = 249;
    breaker.hasten();
    expect(breaker.nextProbeAt).toBeLessThanOrEqual(due);
  });
});
