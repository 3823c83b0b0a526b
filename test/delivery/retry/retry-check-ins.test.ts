import { describe, expect, it } from "vitest";

import { answered, failed, retryBench } from "./retry-bench.js";
import { DELIVERED } from "../support.js";

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
