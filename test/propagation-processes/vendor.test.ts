import { describe, expect, it } from "vitest";

import { sendUntilBoth, startChain } from "./chain.js";
import type { ServiceConfig, Way } from "./chain.js";
import { faultsIn, firstWordIn } from "./one-trace.js";

const OURS: ServiceConfig = { name: "ours", speaks: "bridge", rate: 0.5 };
const VENDOR: ServiceConfig = { name: "vendor", speaks: "vendor", rate: 0.5 };

const ONE_CALL: Way[][] = [["http"], ["fetch"], ["http"], ["fetch"]];
const TWO_CALLS: Way[][] = [
  ["http", "fetch"],
  ["fetch", "http"],
  ["http", "http"],
  ["fetch", "fetch"],
];

describe("with a service that has the vendor's own SDK", () => {
  it.each([
    { title: "before us", services: [VENDOR, { ...OURS, rate: 0.25 }], ways: ONE_CALL },
    { title: "after us", services: [OURS, { ...VENDOR, rate: 0.25 }], ways: ONE_CALL },
    {
      title: "between two of ours",
      services: [OURS, { ...VENDOR, rate: 0 }, { ...OURS, name: "third", rate: 1 }],
      ways: TWO_CALLS,
    },
    {
      title: "on both sides of us",
      services: [VENDOR, { ...OURS, rate: 0 }, { ...VENDOR, name: "third", rate: 1 }],
      ways: TWO_CALLS,
    },
  ])("$title, there is one trace, one decision and one sampling context", async (chained) => {
    const { services, ways } = chained;
    const names = services.map(({ name }) => name);
    const chain = await startChain(services);
    const all = await sendUntilBoth(chain, ways);
    await chain.stop();
    expect(all.map((hops) => hops.map(({ name }) => name))).toEqual(all.map(() => names));
    expect(all.flatMap((hops) => faultsIn(chain.ingest, hops, names))).toEqual([]);
    for (const hops of all) {
      const { traceId, isSampled, dsc } = firstWordIn(hops);
      expect(dsc).toMatchObject({
        trace_id: traceId,
        sampled: String(isSampled),
        release: names[0],
      });
    }
  });
});
