import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { IngestServer } from "../../src/testing/testing.js";
import { flagIn, sendUntilBoth, startChain, startServices } from "./chain.js";
import type { Hop, ServiceConfig, Way } from "./chain.js";
import { faultsIn, firstWordIn } from "./one-trace.js";

/** Service A calls service B, which has job C done by a thread or a process. */
function services(rates: { a: Partial<ServiceConfig>; b: number; c: number }): ServiceConfig[] {
  return [
    { name: "a", speaks: "bridge", ...rates.a },
    { name: "b", speaks: "bridge", rate: rates.b, job: { name: "c", rate: rates.c } },
  ];
}

const NAMES = ["a", "b", "c"];
const WAYS: Way[][] = [
  ["http", "worker"],
  ["fetch", "child"],
  ["http", "child"],
  ["fetch", "worker"],
];

function namesIn(all: readonly Hop[][]): string[][] {
  return all.map((hops) => hops.map(({ name }) => name));
}

describe("two services, and a job in a thread or a process", () => {
  describe("with a tracesSampler", () => {
    const ends: (() => Promise<void> | void)[] = [];
    let ingest: IngestServer;
    let kept: readonly Hop[][];
    let refused: readonly Hop[][];

    beforeAll(async () => {
      const configs = services({ a: { keeps: "kept" }, b: 0, c: 1 });
      const started = await startServices(configs, (end) => void ends.push(end));
      const chain = started.chainOf(configs.map(({ name }) => name));
      ({ ingest } = started);
      kept = await Promise.all(WAYS.map((ways) => chain.send(ways, "?kept")));
      refused = await Promise.all(WAYS.map((ways) => chain.send(ways, "?not")));
      await started.stop();
    });

    afterAll(async () => {
      for (const end of ends) await end();
    });

    it("make one trace with one sampling context", () => {
      expect(namesIn(kept)).toEqual(WAYS.map(() => NAMES));
      expect(kept.flatMap((hops) => faultsIn(ingest, hops, NAMES))).toEqual([]);
      expect(new Set(kept.map((hops) => firstWordIn(hops).traceId)).size).toBe(WAYS.length);
      for (const hops of kept) {
        const { traceId, dsc } = firstWordIn(hops);
        expect(dsc).toMatchObject({ trace_id: traceId, sampled: "true", sample_rate: "1" });
        expect(dsc).toMatchObject({ release: "a", sample_rand: expect.stringMatching(/^0\.?/) });
      }
      expect(ingest.transactions()).toHaveLength(WAYS.length * NAMES.length);
    });

    it("follow the tracesSampler of the first, whatever their own rates", () => {
      expect([...kept.map(flagIn), ...refused.map(flagIn)].join("")).toBe("11110000");
      expect([...kept, ...refused].flatMap((hops) => faultsIn(ingest, hops, NAMES))).toEqual([]);
      expect(ingest.transactions()).toHaveLength(WAYS.length * NAMES.length);
    });
  });

  it("send all or nothing of a trace at rate 0.5, and other exporters notice nothing", async () => {
    const chain = await startChain(services({ a: { rate: 0.5 }, b: 0.5, c: 0.5 }));
    const all = await sendUntilBoth(chain, WAYS);
    const stopped = await chain.stop();
    expect(all.flatMap((hops) => faultsIn(chain.ingest, hops, NAMES))).toEqual([]);
    const traceIds = all.map((hops) => firstWordIn(hops).traceId).toSorted();
    for (const { othersTraces } of stopped) expect(othersTraces.toSorted()).toEqual(traceIds);
  });
});
