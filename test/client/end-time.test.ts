import { describe, expect, it } from "vitest";

import { EndTime } from "../../src/client/end-time.js";

interface Bench {
  readonly time: EndTime;
  readonly server: { delivered: number };
  readonly pass: (millis: number) => void;
  /** A flush that ends so many milliseconds later. */
  readonly wait: (millis: number) => Promise<void>;
}

function pendingFlush(): { promise: Promise<boolean>; resolve: (isDone: boolean) => void } {
  const parts: { resolve?: (isDone: boolean) => void } = {};
  const promise = new Promise<boolean>((done) => (parts.resolve = done));
  return { promise, resolve: (isDone) => parts.resolve?.(isDone) };
}

function bench(totalMillis = 2000): Bench {
  const server = { delivered: 0 };
  let now = 0;
  const time = new EndTime({ totalMillis, delivered: () => server.delivered, now: () => now });
  const pass = (millis: number): void => void (now += millis);
  return {
    time,
    server,
    pass,
    async wait(millis) {
      const flush = pendingFlush();
      const waited = time.during(flush.promise);
      pass(millis);
      flush.resolve(false);
      await waited;
    },
  };
}

describe("the time that is left for the next wait", () => {
  it("is the whole time-out at first", () => {
    expect(bench().time.remaining).toBe(2000);
  });

  it("is what waits in vain have left, and then a quarter in all", async () => {
    const { time, wait } = bench();
    await wait(600);
    expect(time.remaining).toBe(1400);
    await wait(1400);
    expect(time.remaining).toBe(500);
    await wait(300);
    expect(time.remaining).toBe(200);
    await wait(200);
    expect(time.remaining).toBe(0);
  });

  it("is less while another wait goes on", () => {
    const { time, pass } = bench();
    void time.during(new Promise(() => {}));
    pass(700);
    void time.during(new Promise(() => {}));
    pass(100);
    expect(time.remaining).toBe(1200);
  });

  it("counts waits that overlap once", async () => {
    const { time, pass, wait } = bench();
    const flush = pendingFlush();
    const outer = time.during(flush.promise);
    pass(100);
    await wait(800);
    pass(100);
    flush.resolve(false);
    await outer;
    expect(time.remaining).toBe(1000);
  });

  it("does not shrink any more once a flush has failed", async () => {
    const { time, pass } = bench();
    const failed = time.during(Promise.reject(new Error("flush")));
    pass(100);
    await expect(failed).rejects.toThrow("flush");
    pass(700);
    expect(time.remaining).toBe(1900);
  });

  it.each([
    ["the server has accepted something", ({ server }: Bench) => void (server.delivered += 1)],
    ["30 s have passed", ({ pass }: Bench) => pass(30_001)],
  ])("is the whole time-out again once %s", async (_name, act) => {
    const parts = bench();
    await parts.wait(2000);
    act(parts);
    expect(parts.time.remaining).toBe(2000);
  });

  it("has no end where the time-out has none", async () => {
    const { time, wait } = bench(Infinity);
    await wait(5000);
    expect(time.remaining).toBe(Infinity);
  });
});
