import { describe, expect, it } from "vitest";

import { START, failed, outage, retryBench, timesOf } from "./retry-bench.js";
import { DELIVERED } from "../support.js";

describe("probes", () => {
  it("are spaced by a tenth of the outage, from half a second to thirty", async () => {
    const bench = await outage();
    bench.inner.otherwise = failed("connect");
    bench.send();
    await bench.pass(20 * 60_000);
    const times = timesOf(bench);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(gaps[0]).toBeLessThanOrEqual(500);
    for (const [index, gap] of gaps.entries()) {
      const longest = Math.min(Math.max((times[index] ?? 0) / 10, 500), 30_000);
      expect(gap).toBeGreaterThanOrEqual(longest / 2);
      // Timers run up to a step of the test's clock late.
      expect(gap).toBeLessThanOrEqual(longest + 50);
    }
    expect(times.length).toBeLessThan(120);
  });

  it("go out one at a time, also when the one before hangs", async () => {
    const bench = await outage();
    bench.inner.otherwise = "held";
    for (let count = 0; count < 10; count += 1) bench.send();
    await bench.pass(2000);
    const times = timesOf(bench);
    expect(times.length).toBeGreaterThan(3);
    expect(new Set(times).size).toBe(times.length);
  });

  it("that fail to connect keep their position", async () => {
    const bench = await outage();
    bench.inner.otherwise = failed("connect");
    const [first] = [bench.send(), bench.send(), bench.send()];
    await bench.pass(3000);
    const probed = bench.inner.transmissions.slice(START).map(({ envelope }) => envelope);
    expect(probed.length).toBeGreaterThan(3);
    expect(new Set(probed)).toEqual(new Set([first?.envelope]));
  });

  it("that may have arrived end after two attempts, and the next held send is the next probe", async () => {
    const bench = await outage();
    bench.inner.otherwise = failed("timeout");
    const [first, second] = [bench.send(), bench.send()];
    await bench.pass(20_000);
    expect(first?.outcomes).toEqual([failed("timeout")]);
    expect(second?.outcomes).toEqual([failed("timeout")]);
    expect(timesOf(bench)).toHaveLength(4);
    expect(bench.timers.pending).toBe(0);
  });

  it("may be lost to a dead kept connection without a second transmission in the same moment", async () => {
    const bench = await outage();
    bench.inner.script.push(failed("reused"));
    const { outcomes } = bench.send();
    await bench.pass(2000);
    const [first = 0, second = 0] = timesOf(bench);
    expect(second - first).toBeGreaterThanOrEqual(250);
    expect(bench.inner.transmissions.at(-1)?.options).toEqual({ newConnection: true });
    expect(outcomes).toEqual([DELIVERED]);
  });

  it("include sends that were backing off, in their old order", async () => {
    const bench = retryBench();
    bench.inner.script.push(failed("connect"));
    const early = bench.send();
    await bench.timers.turn();
    await bench.fail(4);
    const late = bench.send();
    bench.inner.otherwise = failed("connect");
    await bench.pass(1000);
    bench.inner.otherwise = "held";
    await bench.pass(1000);
    expect(bench.inner.transmissions.at(-2)?.envelope).toBe(early.envelope);
    expect(bench.inner.transmissions.at(-1)?.envelope).toBe(late.envelope);
  });
});

describe("wake", () => {
  it("releases one held send at once", async () => {
    const bench = await outage();
    bench.inner.otherwise = failed("connect");
    for (let count = 0; count < 3; count += 1) bench.send();
    await bench.pass(300_000);
    await bench.timers.advance(1000);
    const before = bench.inner.transmissions.length;
    bench.transport.wake();
    await bench.timers.turn();
    expect(bench.inner.transmissions.length).toBe(before + 1);
    bench.transport.wake();
    await bench.timers.turn();
    expect(bench.inner.transmissions.length).toBe(before + 1);
  });

  it("brings the next probe forward if the last one was recent", async () => {
    const bench = await outage();
    bench.inner.otherwise = failed("connect");
    bench.send();
    await bench.pass(300_000);
    await bench.timers.advance(1000);
    bench.transport.wake();
    await bench.timers.turn();
    const before = bench.inner.transmissions.length;
    bench.transport.wake();
    await bench.pass(250);
    expect(bench.inner.transmissions.length).toBe(before + 1);
  });

  it("in a loop makes four attempts in a second, not a busy loop", async () => {
    const bench = await outage();
    bench.inner.otherwise = failed("connect");
    for (let count = 0; count < 3; count += 1) bench.send();
    await bench.pass(300_000);
    const before = bench.inner.transmissions.length;
    for (let millis = 0; millis < 1000; millis += 1) {
      bench.transport.wake();
      await bench.timers.advance(1);
    }
    expect(bench.inner.transmissions.length - before).toBeLessThanOrEqual(5);
  });

  it("ends the backoff of sends that could not connect, but not when called in a loop", async () => {
    const bench = retryBench();
    bench.inner.otherwise = failed("connect");
    bench.send();
    await bench.timers.turn();
    bench.transport.wake();
    await bench.timers.turn();
    expect(bench.inner.transmissions).toHaveLength(2);
    bench.transport.wake();
    await bench.timers.turn();
    expect(bench.inner.transmissions).toHaveLength(2);
    expect(bench.transport.counts().held).toBe(1);
  });

  it("does nothing while nothing is held", async () => {
    const { transport, timers, inner } = retryBench();
    transport.wake();
    await timers.turn();
    expect(timers.pending).toBe(0);
    expect(inner.transmissions).toHaveLength(0);
  });
});
