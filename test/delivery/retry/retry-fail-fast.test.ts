import { describe, expect, it } from "vitest";

import type { SendResult } from "../../../src/delivery/transport.js";
import { START, failed, outage, retryBench } from "./retry-bench.js";
import { DELIVERED, envelopeOf } from "../support.js";

describe("with `failFast`", () => {
  it("a send that would be held fails at once with the last error", async () => {
    const { send, timers, inner } = await outage({ failFast: true });
    const { outcomes } = send();
    await timers.turn();
    expect(outcomes).toEqual([{ ...failed("refused"), phase: "connect" }]);
    expect(inner.transmissions).toHaveLength(START);
    expect(timers.pending).toBe(0);
  });

  it("one send per interval is the probe, and its response lets the others through", async () => {
    const { send, timers, inner } = await outage({ failFast: true });
    inner.otherwise = "held";
    await timers.advance(500);
    const [probe, other] = [send(), send()];
    await timers.turn();
    expect(inner.transmissions).toHaveLength(START + 1);
    expect(other?.outcomes).toHaveLength(1);
    inner.settle(DELIVERED);
    await timers.turn();
    expect(probe?.outcomes).toEqual([DELIVERED]);
    inner.otherwise = DELIVERED;
    const next = send();
    await timers.turn();
    expect(next.outcomes).toEqual([DELIVERED]);
  });

  it.each(["connect", "answer", "timeout", "reused"] as const)(
    "a probe that fails (%s) is not held",
    async (phase) => {
      const { send, timers, inner, transport } = await outage({ failFast: true });
      await timers.advance(500);
      const result: SendResult = failed(phase);
      inner.script.push(result);
      const { outcomes } = send();
      await timers.turn();
      expect(outcomes).toEqual([result]);
      expect(transport.counts().held).toBe(0);
      expect(timers.pending).toBe(0);
    },
  );

  it("a failure to connect before the fifth backs off", async () => {
    const { inner, send, timers, transport, pass } = retryBench({ failFast: true });
    inner.script.push(failed("connect"));
    const { outcomes } = send();
    await timers.turn();
    expect(transport.counts().held).toBe(1);
    await pass(1000);
    expect(outcomes).toEqual([DELIVERED]);
  });

  it("a send that backs off when the breaker opens fails at its next attempt", async () => {
    const { inner, send, timers, pass, fail } = retryBench({ failFast: true });
    const unknown = failed("answer");
    inner.script.push(unknown);
    const { outcomes } = send();
    await timers.turn();
    await timers.advance(300);
    await fail(4);
    await pass(200);
    expect(outcomes).toEqual([unknown]);
    expect(timers.pending).toBe(0);
  });

  it("as a function is called each time: a send waits for the server while the function returns false", async () => {
    let isKept = true;
    const { inner, send, timers, pass, transport } = await outage({ failFast: () => isKept });
    const kept = send();
    await timers.turn();
    expect(kept.outcomes).toHaveLength(1);
    isKept = false;
    const waiting = send();
    await timers.turn();
    expect([waiting.outcomes.length, transport.counts().held]).toEqual([0, 1]);
    inner.otherwise = DELIVERED;
    await pass(1000);
    expect(waiting.outcomes).toEqual([DELIVERED]);
  });

  it("a wake makes the next send the probe", async () => {
    const { inner, transport, timers, pass } = await outage({
      failFast: true,
      random: () => 0.999,
    });
    await pass(60_000);
    inner.script.push(failed("connect"));
    await transport.send(envelopeOf());
    await timers.advance(300);
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "retryable" });
    transport.wake();
    expect(await transport.send(envelopeOf())).toBe(DELIVERED);
  });
});

describe("a send that may be held", () => {
  it("waits for an unreachable server, and is the probe that notices its return", async () => {
    const { inner, send, timers, pass } = await outage({ failFast: true });
    inner.otherwise = failed("connect");
    const held = send({ holdMillis: 60_000 });
    await pass(10_000);
    expect(held.outcomes).toEqual([]);
    inner.otherwise = DELIVERED;
    await pass(2000);
    await timers.turn();
    expect(held.outcomes).toEqual([DELIVERED]);
  });

  it("fails at its deadline", async () => {
    const { inner, send, pass } = await outage({ failFast: true });
    inner.otherwise = failed("connect");
    const held = send({ holdMillis: 60_000 });
    await pass(59_000);
    expect(held.outcomes).toEqual([]);
    await pass(1001);
    expect(held.outcomes).toMatchObject([{ outcome: "retryable", phase: "connect" }]);
  });
});
