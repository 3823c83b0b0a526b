import { describe, expect, it } from "vitest";

import { answered, failed, retryBench } from "./retry-bench.js";
import { DELIVERED } from "../support.js";

const NEW_CONNECTION = { newConnection: true };

describe("a kept connection that the server closed", () => {
  it("is followed at once by the same envelope on a new connection", async () => {
    const { inner, timers, send, transport } = retryBench();
    inner.script.push(failed("reused"));
    const { envelope, outcomes } = send();
    await timers.turn();
    expect(outcomes).toEqual([DELIVERED]);
    expect(inner.transmissions.map(({ at, options }) => ({ at, options }))).toEqual([
      { at: 0, options: undefined },
      { at: 0, options: NEW_CONNECTION },
    ]);
    expect(inner.transmissions[1]?.envelope).toBe(envelope);
    expect(transport.counts()).toMatchObject({ retries: 1, budget: 500 });
  });

  it("says nothing about whether the server can be reached", async () => {
    const { inner, timers, send, transport } = retryBench();
    inner.script.push(...Array.from({ length: 20 }, () => failed("reused")));
    for (let count = 0; count < 20; count += 1) send();
    await timers.turn();
    expect(transport.isReachable).toBe(true);
    expect(inner.transmissions).toHaveLength(40);
  });

  it.each(["answer", "timeout"] as const)(
    "may be followed by two more attempts whose outcome is unknown (%s), and no fourth",
    async (phase) => {
      const { inner, timers, send, pass } = retryBench();
      const last = failed(phase);
      inner.script.push(failed("reused"), failed(phase), last);
      const { outcomes } = send();
      await timers.turn();
      await pass(10_000);
      expect(outcomes).toEqual([last]);
      expect(inner.transmissions.map(({ at }) => at)).toEqual([0, 0, 500]);
    },
  );

  it("which was required to be new counts as broken before the response", async () => {
    const { inner, timers, send, pass } = retryBench();
    inner.script.push(failed("reused"), failed("reused"), failed("reused"));
    const { outcomes } = send();
    await timers.turn();
    expect(inner.transmissions).toHaveLength(2);
    await pass(10_000);
    expect(inner.transmissions).toHaveLength(3);
    expect(outcomes).toHaveLength(1);
  });

  it("may be followed by failures to connect, for 2 minutes from the first transmission", async () => {
    const { inner, timers, send, pass } = retryBench();
    const first = failed("reused");
    inner.script.push(first);
    inner.otherwise = failed("connect");
    const { outcomes } = send();
    await timers.turn();
    await pass(119_000);
    expect(outcomes).toEqual([]);
    await pass(2000);
    expect(outcomes).toEqual([first]);
    expect(Math.max(...inner.transmissions.map(({ at }) => at))).toBeLessThanOrEqual(120_000);
    expect(timers.pending).toBe(0);
  });
});

describe("an envelope that never reached the server", () => {
  it("is retried without limit until it is delivered, and costs no budget", async () => {
    const { inner, timers, send, pass, transport } = retryBench();
    inner.otherwise = failed("connect");
    const { envelope, outcomes } = send();
    await timers.turn();
    await pass(60 * 60_000);
    expect(outcomes).toEqual([]);
    expect(inner.transmissions.length).toBeGreaterThan(50);
    expect(inner.transmissions.every((each) => each.envelope === envelope)).toBe(true);
    expect(transport.counts().budget).toBe(500);
    inner.otherwise = DELIVERED;
    await pass(30_000);
    expect(outcomes).toEqual([DELIVERED]);
  });

  it("is retried at the shortest delays until the breaker opens", async () => {
    const { inner, timers, send, pass } = retryBench();
    inner.otherwise = failed("connect");
    send();
    await timers.turn();
    await pass(20_000);
    const times = inner.transmissions.map(({ at }) => at);
    expect(times.slice(0, 5)).toEqual([0, 750, 1500, 2250, 3000]);
  });

  it("is retried every four seconds at least while the server answers all others", async () => {
    const { inner, send, pass } = retryBench({ random: () => 0.999 });
    inner.otherwise = failed("connect");
    const { envelope } = send();
    for (let step = 0; step < 120; step += 1) {
      inner.script.push(DELIVERED);
      send();
      await pass(500);
    }
    const times = inner.transmissions
      .filter((each) => each.envelope === envelope)
      .map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(4100);
    expect(Math.max(...gaps)).toBeGreaterThan(2000);
  });

  it.each([1, 2, 5, 12, 60])(
    "is sent within a second, or a tenth of the outage, of the server's return: %i s",
    async (seconds) => {
      const { inner, timers, send, pass } = retryBench();
      inner.otherwise = failed("connect");
      const { outcomes } = send();
      await timers.turn();
      await pass(seconds * 1000);
      inner.otherwise = DELIVERED;
      await pass(Math.max(1000, seconds * 100));
      expect(outcomes).toEqual([DELIVERED]);
    },
  );

  it("does not have its last result if an earlier transmission may have arrived", async () => {
    const { inner, timers, send, pass } = retryBench();
    const unknown = failed("answer");
    inner.script.push(unknown);
    inner.otherwise = failed("connect");
    const { outcomes } = send();
    await timers.turn();
    await pass(121_000);
    expect(outcomes).toEqual([unknown]);
  });
});

describe("an envelope that may have arrived", () => {
  it.each([
    ["answer", 5, undefined],
    // A middle box that has forgotten one kept connection has forgotten the others.
    ["timeout", 10, NEW_CONNECTION],
  ] as const)("(%s) is tried once more after about 0.5 s", async (phase, cost, options) => {
    const { inner, timers, send, transport } = retryBench();
    inner.script.push(failed(phase), failed("refused"));
    send();
    await timers.turn();
    expect(transport.counts()).toMatchObject({ held: 1, retries: 0 });
    await timers.advance(499);
    expect(inner.transmissions).toHaveLength(1);
    await timers.advance(1);
    expect(inner.transmissions[1]).toMatchObject({ at: 500 });
    expect(inner.transmissions[1]?.options).toEqual(options);
    expect(transport.counts()).toMatchObject({ held: 0, retries: 1, budget: 500 - cost });
  });

  it.each([
    [0, 0],
    [0.999, 999],
  ])("waits for anything up to a second (chance %d)", async (chance, delay) => {
    const { inner, timers, send, pass } = retryBench({ random: () => chance });
    inner.script.push(failed("answer"));
    send();
    await timers.turn();
    for (let millis = 0; millis < 1000; millis += 1) await timers.advance(1);
    expect(inner.transmissions[1]?.at).toBe(delay);
    await pass(0);
  });

  it("is sent at most twice", async () => {
    const { inner, timers, send, pass } = retryBench();
    const last = failed("timeout");
    inner.script.push(failed("answer"), last);
    const { outcomes } = send();
    await timers.turn();
    await pass(200_000);
    expect(outcomes).toEqual([last]);
    expect(inner.transmissions).toHaveLength(2);
  });

  it("is not tried again when the first attempt alone took 2 minutes", async () => {
    const { inner, timers, send, pass } = retryBench();
    inner.script.push("held");
    const { outcomes } = send();
    await pass(119_800);
    const last = failed("timeout");
    inner.settle(last);
    await timers.turn();
    expect(outcomes).toEqual([last]);
  });

  it("has 2 minutes from the first transmission, not from the last", async () => {
    const { inner, timers, send, pass } = retryBench();
    inner.script.push("held", "held");
    const { outcomes } = send();
    await pass(100_000);
    inner.settle(failed("reused"));
    await pass(19_800);
    const last = failed("answer");
    inner.settle(last);
    await timers.turn();
    expect(inner.transmissions).toHaveLength(2);
    expect(outcomes).toEqual([last]);
  });

  it("is not tried again once the budget is used up, and is again after deliveries", async () => {
    const { inner, timers, send, transport } = retryBench({ random: () => 0 });
    const spendAndFail = async (): Promise<void> => {
      inner.script.push(failed("timeout"), answered(400));
      send();
      await timers.turn();
      await timers.advance(0);
    };
    for (let count = 0; count < 50; count += 1) await spendAndFail();
    expect(transport.counts()).toMatchObject({ budget: 0, retries: 50 });

    const result = failed("answer");
    inner.script.push(result);
    const { outcomes } = send();
    await timers.turn();
    expect(outcomes).toEqual([result]);

    for (let count = 0; count < 5; count += 1) send();
    await timers.turn();
    expect(transport.counts().budget).toBe(5);
    inner.script.push(failed("answer"));
    const again = send();
    await timers.turn();
    await timers.advance(0);
    expect(again.outcomes).toEqual([DELIVERED]);
  });
});

describe("what is final", () => {
  it.each([
    failed("refused"),
    failed(),
    ...[400, 401, 403, 404, 413, 429, 500, 502, 503, 504].map((status) => answered(status)),
  ])("is not tried again: %j", async (result) => {
    const { inner, timers, send } = retryBench();
    inner.script.push(result);
    const { outcomes } = send();
    await timers.turn();
    expect(outcomes).toEqual([result]);
    expect(outcomes[0]).toBe(result);
    expect(timers.pending).toBe(0);
  });

  it("is not tried again as a second attempt's result either", async () => {
    const { inner, timers, send, pass } = retryBench();
    const refused = failed("refused");
    inner.script.push(failed("answer"), refused);
    const { outcomes } = send();
    await timers.turn();
    await pass(1000);
    expect(outcomes).toEqual([refused]);
  });
});
