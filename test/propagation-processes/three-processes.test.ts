import { describe, expect, it } from "vitest";

import { flagIn, sendUntilBoth, startChain } from "./chain.js";
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
  it("make one trace with one sampling context", async () => {
    const chain = await startChain(services({ a: { rate: 1 }, b: 1, c: 1 }));
    const all = await Promise.all(WAYS.map((ways) => chain.send(ways)));
    await chain.stop();
    expect(namesIn(all)).toEqual(WAYS.map(() => NAMES));
    expect(all.flatMap((hops) => faultsIn(chain.ingest, hops, NAMES))).toEqual([]);
    expect(new Set(all.map((hops) => firstWordIn(hops).traceId)).size).toBe(WAYS.length);
    for (const hops of all) {
      const { traceId, dsc } = firstWordIn(hops);
      expect(dsc).toMatchObject({ trace_id: traceId, sampled: "true", sample_rate: "1" });
      expect(dsc).toMatchObject({ release: "a", sample_rand: expect.stringMatching(/^0\.?/) });
    }
    expect(chain.ingest.transactions()).toHaveLength(WAYS.length * NAMES.length);
  });

  it("send all or nothing of a trace at rate 0.5, and other exporters notice nothing", async () => {
    const chain = await startChain(services({ a: { rate: 0.5 }, b: 0.5, c: 0.5 }));
    const all = await sendUntilBoth(chain, WAYS);
    const stopped = await chain.stop();
    expect(all.flatMap((hops) => faultsIn(chain.ingest, hops, NAMES))).toEqual([]);
    const traceIds = all.map((hops) => firstWordIn(hops).traceId).toSorted();
    for (const { othersTraces } of stopped) expect(othersTraces.toSorted()).toEqual(traceIds);
  });

  it("follow the tracesSampler of the first, whatever their own rates", async () => {
    const chain = await startChain(services({ a: { keeps: "kept" }, b: 0, c: 1 }));
    const kept = await Promise.all(WAYS.map((ways) => chain.send(ways, "?kept")));
    const refused = await Promise.all(WAYS.map((ways) => chain.send(ways, "?not")));
    await chain.stop();
    expect([...kept.map(flagIn), ...refused.map(flagIn)].join("")).toBe("11110000");
    expect([...kept, ...refused].flatMap((hops) => faultsIn(chain.ingest, hops, NAMES))).toEqual(
      [],
    );
    expect(chain.ingest.transactions()).toHaveLength(WAYS.length * NAMES.length);
  });
});
