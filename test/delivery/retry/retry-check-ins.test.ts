import { describe, expect, it } from "vitest";

import { answered, failed, retryBench } from "./retry-bench.js";
import type { RetryBench, Sent } from "./retry-bench.js";
import { DELIVERED } from "../support.js";

// Other sends, every five seconds.
async function tenMinutes({ send, pass }: RetryBench): Promise<void> {
  for (let count = 0; count < 120; count += 1) {
    send();
    await pass(5000);
  }
}

describe("a check-in, which may arrive any number of times", () => {
  it.each(["answer", "timeout"] as const)(
    "is retried for the whole of an outage of ten minutes (%s)",
    async (phase) => {
      const { inner, send, pass, timers } = retryBench();
      inner.otherwise = failed(phase);
      const sent = Array.from({ length: 8 }, () => send(undefined, "monitor"));
      await timers.turn();
      await pass(10 * 60_000);
      expect(sent.flatMap(({ outcomes }) => outcomes)).toEqual([]);
      inner.otherwise = DELIVERED;
      await pass(31_000);
      expect(sent.map(({ outcomes }) => outcomes)).toEqual(sent.map(() => [DELIVERED]));
      expect(timers.pending).toBe(0);
    },
  );

  it("is sent five times in a minute at most, because copies count as well", async () => {
    const { inner, send, pass, timers } = retryBench({ random: () => 0 });
    inner.otherwise = failed("answer");
    const { envelope } = send(undefined, "monitor");
    await timers.turn();
    await pass(10 * 60_000);
    const times = inner.transmissions
      .filter((each) => each.envelope === envelope)
      .map(({ at }) => at);
    for (const start of times)
      expect(times.filter((at) => at >= start && at < start + 60_000).length).toBeLessThan(6);
    expect(times.length).toBeGreaterThan(15);
  });

  it("that the server resets stops no other, however long it was the only one", async () => {
    const bench = retryBench();
    const { inner, send, pass, timers } = bench;
    inner.script.push(failed("answer"));
    const poison = send(undefined, "monitor");
    const others: Sent[] = [];
    inner.replyTo = (envelope) => (envelope === poison.envelope ? failed("answer") : DELIVERED);
    await timers.turn();
    await pass(15_000);
    for (let count = 0; count < 20; count += 1) {
      others.push(send(undefined, count % 2 === 0 ? "monitor" : "error"));
      await pass(500);
    }
    expect(others.map(({ outcomes }) => outcomes)).toEqual(others.map(() => [DELIVERED]));
    await tenMinutes(bench);
    expect(poison.outcomes).toEqual([failed("answer")]);
  });

  it("of which six are reset delay others by seconds only", async () => {
    const bench = retryBench();
    const { inner, send, pass } = bench;
    inner.script.push(...Array.from({ length: 6 }, () => failed("answer")));
    const poison = Array.from({ length: 6 }, () => send(undefined, "monitor"));
    const isPoison = new Set(poison.map(({ envelope }) => envelope));
    inner.replyTo = (envelope) => (isPoison.has(envelope) ? failed("answer") : DELIVERED);
    await pass(10_000);
    const others = Array.from({ length: 40 }, () => send(undefined, "error"));
    await pass(2000);
    expect(others.flatMap(({ outcomes }) => outcomes)).toHaveLength(40);
    await tenMinutes(bench);
    expect(poison.map(({ outcomes }) => outcomes)).toEqual(poison.map(() => [failed("answer")]));
  });

  it("takes one of 32 places for later attempts, so that a proxy that resets all leaves slots for others", async () => {
    const bench = retryBench();
    const { inner, send, pass, timers } = bench;
    inner.replyTo = ({ category }) => (category === "monitor" ? failed("answer") : DELIVERED);
    const sent = Array.from({ length: 100 }, () => send(undefined, "monitor"));
    await timers.turn();
    for (let count = 0; count < 20; count += 1) {
      send(undefined, "error");
      await pass(500);
    }
    const waiting = sent.filter(({ outcomes }) => outcomes.length === 0);
    expect(waiting).toHaveLength(32);
    await tenMinutes(bench);
    expect(sent.flatMap(({ outcomes }) => outcomes)).toHaveLength(100);
  });

  it("costs the other sends no retries", async () => {
    const { inner, send, pass, transport } = retryBench();
    inner.otherwise = failed("timeout");
    for (let count = 0; count < 100; count += 1) send(undefined, "monitor");
    await pass(60_000);
    expect(transport.counts().budget).toBe(500);
  });

  it("is not retried for long if there is a spool", async () => {
    const { inner, send, pass } = retryBench({ failFast: true });
    inner.otherwise = failed("answer");
    const { outcomes } = send(undefined, "monitor");
    await pass(2000);
    expect(outcomes).toHaveLength(1);
    expect(inner.transmissions).toHaveLength(2);
  });

  it("is given up after eleven attempts if the server answers all others", async () => {
    const { inner, send, pass } = retryBench();
    const refusal = failed("answer");
    inner.otherwise = refusal;
    const { envelope, outcomes } = send(undefined, "monitor");
    for (let second = 0; second < 300; second += 1) {
      inner.script.push(DELIVERED);
      send();
      await pass(1000);
    }
    expect(outcomes).toEqual([refusal]);
    expect(inner.transmissions.filter((each) => each.envelope === envelope)).toHaveLength(11);
  });

  it("is retried after a 5xx no more often than other envelopes", async () => {
    const { inner, send, pass } = retryBench({ retryOn5xx: true });
    inner.otherwise = answered(503);
    const { outcomes } = send(undefined, "monitor");
    await pass(60_000);
    expect(outcomes).toEqual([answered(503)]);
    expect(inner.transmissions).toHaveLength(3);
  });
});
