import { describe, expect, it } from "vitest";

import { START, answered, failed, outage, retryBench } from "./retry-bench.js";
import { DELIVERED } from "../support.js";

describe("after five failures in a row", () => {
  it("sends are held in order, the first is the probe, and its response releases all", async () => {
    const bench = await outage();
    const { send, timers, inner, transport } = bench;
    const held = Array.from({ length: 20 }, () => send());
    await timers.turn();
    expect(inner.transmissions).toHaveLength(START);
    expect(transport.counts()).toMatchObject({ held: 20, outages: 1, probes: 0 });
    expect(transport.isReachable).toBe(false);
    inner.script.push("held");
    await timers.advance(500);
    expect(inner.transmissions.slice(START).map(({ envelope }) => envelope)).toEqual([
      held[0]?.envelope,
    ]);
    inner.settle(DELIVERED);
    await timers.turn();
    expect(inner.transmissions.slice(START).map(({ envelope }) => envelope)).toEqual(
      held.map(({ envelope }) => envelope),
    );
    expect(held.every(({ outcomes }) => outcomes[0] === DELIVERED)).toBe(true);
    expect(timers.pending).toBe(0);
    expect(transport.counts()).toMatchObject({ held: 0, probes: 1, retries: 0 });
    expect(transport.isReachable).toBe(true);
  });

  it.each([200, 400, 413, 429, 500, 503])("a response of status %i closes it", async (status) => {
    const { send, timers, inner, transport } = await outage();
    send();
    const second = send();
    inner.script.push(answered(status));
    await timers.advance(500);
    expect(transport.isReachable).toBe(true);
    expect(second.outcomes).toEqual([DELIVERED]);
  });

  it("so does a late response to what was sent before", async () => {
    const bench = retryBench();
    const { inner, send, fail, timers } = bench;
    inner.script.push("held");
    send();
    await fail();
    const held = send();
    await timers.turn();
    expect(held.outcomes).toEqual([]);
    inner.settle(DELIVERED);
    await timers.turn();
    expect(held.outcomes).toEqual([DELIVERED]);
  });

  it.each(["connect", "answer", "timeout", "refused", undefined] as const)(
    "whatever their phase (%s)",
    async (phase) => {
      const { inner, send, timers, transport } = retryBench();
      inner.otherwise = failed(phase);
      for (let count = 0; count < 5; count += 1) send();
      await timers.turn();
      expect(transport.counts().outages).toBe(1);
    },
  );

  it("there is no timer while nothing is held", async () => {
    const { timers, send } = await outage();
    expect(timers.pending).toBe(0);
    send();
    expect(timers.pending).toBe(1);
  });

  it("a send that comes when a probe is due goes at once", async () => {
    const { timers, send } = await outage();
    await timers.advance(10_000);
    const { outcomes } = send();
    await timers.turn();
    expect(outcomes).toEqual([DELIVERED]);
  });
});

describe("the server's return", () => {
  it("is noticed within a tenth of the outage by a single send that waits", async () => {
    const bench = await outage({ random: () => 0.999 });
    bench.inner.otherwise = failed("connect");
    const { outcomes } = bench.send();
    await bench.pass(100_000);
    bench.inner.otherwise = DELIVERED;
    await bench.pass(10_050);
    expect(outcomes).toEqual([DELIVERED]);
  });

  it("ends the backoff of sends that could not connect", async () => {
    const bench = retryBench();
    const { inner, send, timers, pass, fail } = bench;
    inner.script.push(...Array.from({ length: 4 }, () => failed("connect")));
    const early = send();
    await pass(2300);
    expect(inner.transmissions).toHaveLength(4);
    await fail(1);
    const probe = send();
    await pass(500);
    expect(probe.outcomes).toEqual([DELIVERED]);
    await timers.turn();
    expect(early.outcomes).toEqual([DELIVERED]);
  });

  it("leaves no long backoff to an attempt that started before it and fails after it", async () => {
    const bench = await outage();
    const { inner, send, timers, pass } = bench;
    inner.otherwise = failed("connect");
    const late = send();
    await pass(60_000);
    inner.otherwise = "held";
    while (inner.held === 0) await pass(50);
    inner.otherwise = DELIVERED;
    const probe = send();
    while (probe.outcomes.length === 0) await pass(50);
    inner.settle(failed("connect"));
    await timers.turn();
    expect(late.outcomes).toEqual([]);
    await pass(1000);
    expect(late.outcomes).toEqual([DELIVERED]);
  });
});

describe("what may have arrived and is held", () => {
  it("is given up 2 minutes after its first transmission, to the moment", async () => {
    const { inner, send, timers, pass, fail } = retryBench();
    const unknown = failed("answer");
    inner.script.push(unknown);
    const { outcomes } = send();
    await fail(4);
    inner.otherwise = failed("connect");
    await pass(119_950);
    expect(outcomes).toEqual([]);
    await pass(50);
    expect(outcomes).toEqual([unknown]);
    expect(inner.transmissions.at(-1)?.at).toBeLessThanOrEqual(120_000);
    expect(timers.pending).toBe(0);
  });

  it("takes no probe from others if all timers fire late", async () => {
    const { inner, send, timers, pass, fail } = retryBench();
    const unknown = failed("answer");
    inner.script.push(unknown);
    const { envelope, outcomes } = send();
    await fail(4);
    inner.otherwise = "held";
    const probe = send();
    const behind = send();
    await pass(550);
    expect(inner.transmissions.at(-1)?.envelope).toBe(probe.envelope);
    await timers.advance(3_600_000);
    expect(inner.transmissions.at(-1)?.envelope).toBe(behind.envelope);
    expect(inner.transmissions.filter((each) => each.envelope === envelope)).toHaveLength(1);
    expect(outcomes).toEqual([unknown]);
  });
});
