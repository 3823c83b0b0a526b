import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ReuseTrust } from "../../../src/delivery/http/connection-reuse.js";

interface Kept {
  served: number;
  isSending: boolean;
}

function kept(served: number): Kept {
  return { served, isSending: false };
}

// A connection that has served so many requests carries one more.
function sendOn(trust: ReuseTrust, connection: Kept, now = 0): void {
  trust.uses(connection, now);
  connection.isSending = true;
}

function answer(trust: ReuseTrust, connection: Kept): void {
  trust.answered(connection.served);
  connection.served += 1;
  connection.isSending = false;
}

function lose(trust: ReuseTrust, served: number, now: number): void {
  const connection = kept(served);
  trust.uses(connection, now);
  trust.lost(connection, now, now);
}

// A scout is under way, so that only what is free to go is allowed.
function isTrusted(trust: ReuseTrust): boolean {
  trust.uses({ served: Number.MAX_VALUE, isSending: true }, 0);
  return trust.allows(kept(Number.MAX_VALUE), 0);
}

describe("before the server has proven that it keeps connections", () => {
  it("one connection at a time is used again", () => {
    const trust = new ReuseTrust();
    const scout = kept(1);
    expect(trust.allows(scout, 0)).toBe(true);
    sendOn(trust, scout);
    expect(trust.allows(kept(1), 0)).toBe(false);
  });

  it("the others carry no more requests than that one", () => {
    const trust = new ReuseTrust();
    const scout = kept(1);
    sendOn(trust, scout);
    answer(trust, scout);
    sendOn(trust, scout);
    expect([1, 2].map((served) => trust.allows(kept(served), 0))).toEqual([true, false]);
  });

  it("requests wait 250 ms for the scout, and only while it is under way", () => {
    const trust = new ReuseTrust();
    const scout = kept(1);
    expect(trust.waitsUntil()).toBeUndefined();
    sendOn(trust, scout, 100);
    expect(trust.waitsUntil()).toBe(350);
    answer(trust, scout);
    expect(trust.waitsUntil()).toBeUndefined();
  });

  it("five answers beyond the first on one connection are enough", () => {
    const trust = new ReuseTrust();
    const scout = kept(1);
    for (let count = 0; count < 5; count += 1) {
      sendOn(trust, scout);
      answer(trust, scout);
    }
    expect(trust.allows(kept(1_000_000), 0)).toBe(true);
  });
});

describe("a server that ends connections after some requests", () => {
  it("gets no further request on a used connection for a second after three losses", () => {
    const trust = new ReuseTrust();
    for (const now of [0, 1]) lose(trust, 1, now);
    expect(trust.isSpent(kept(1), 2)).toBe(false);
    lose(trust, 1, 2);
    expect([2, 1001, 1002].map((now) => trust.isSpent(kept(1), now))).toEqual([true, true, false]);
    expect(trust.allows(kept(1), 1001)).toBe(false);
    expect(trust.allows(kept(1), 1002)).toBe(true);
  });

  it("still gets as many requests per connection as it answers", () => {
    const trust = new ReuseTrust();
    trust.answered(1);
    trust.answered(2);
    for (const now of [0, 1, 2]) lose(trust, 3, now);
    expect([1, 2, 3].map((served) => trust.allows(kept(served), 3))).toEqual([true, true, false]);
  });

  it("is tried again after a delay that doubles, up to a minute", () => {
    const trust = new ReuseTrust();
    const pauses: number[] = [];
    let now = 0;
    for (let count = 0; count < 10; count += 1) {
      lose(trust, 1, now);
      let pause = 0;
      while (trust.isSpent(kept(1), now + pause)) pause += 1000;
      pauses.push(pause / 1000);
      now += pause;
    }
    expect(pauses).toEqual([0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it("is trusted again once a connection has come five requests further", () => {
    const trust = new ReuseTrust();
    for (const now of [0, 1, 2]) lose(trust, 20, now);
    for (let served = 20; served < 25; served += 1) trust.answered(served);
    expect(trust.isSpent(kept(100), 3)).toBe(true);
    trust.answered(25);
    expect(trust.isSpent(kept(100), 3)).toBe(false);
    lose(trust, 1, 4);
    lose(trust, 1, 5);
    expect(trust.isSpent(kept(1), 6)).toBe(false);
  });

  it("must answer twice as many further requests to be trusted again if it loses requests at random", () => {
    const trust = new ReuseTrust();
    const answersToTrust: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      let served = 0;
      while (!isTrusted(trust)) trust.answered((served += 1));
      answersToTrust.push(served);
      lose(trust, 0, round);
    }
    expect(answersToTrust).toEqual([5, 5, 10, 20, 40, 80, 160, 320, 320]);
  });

  it("is not assumed when a restart ends all connections at once", () => {
    const trust = new ReuseTrust();
    for (let served = 1; served <= 6; served += 1) trust.answered(served);
    for (let count = 0; count < 64; count += 1) trust.lost(kept(10 + count), 1000, 500);
    expect(trust.isSpent(kept(100), 1000)).toBe(false);
    expect(trust.allows(kept(9), 1000)).toBe(true);
  });

  it("is not assumed when losses are more than five minutes apart", () => {
    const trust = new ReuseTrust();
    for (let count = 0; count < 10; count += 1) lose(trust, 1, count * 301_000);
    expect(trust.isSpent(kept(1), 9 * 301_000)).toBe(false);
  });
});

describe("the number of requests that a server loses", () => {
  it("is at most 8 in a minute in which it ends each connection after the same number", () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 50 }),
      (most, gapMillis) => {
        const trust = new ReuseTrust();
        let connection = kept(0);
        let losses = 0;
        for (let now = 0; now < 60_000; now += gapMillis) {
          const mayReuse = connection.served > 0 && trust.allows(connection, now);
          if (!mayReuse) connection = kept(0);
          trust.uses(connection, now);
          if (connection.served < most) {
            answer(trust, connection);
          } else {
            losses += 1;
            trust.lost(connection, now, now);
            connection = kept(1);
          }
        }
        expect(losses).toBeLessThanOrEqual(8);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });
});
