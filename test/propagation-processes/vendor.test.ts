import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sendUntilBoth, startServices } from "./chain.js";
import type { Hop, ServiceConfig, Services, Way } from "./chain.js";
import { faultsIn, firstWordIn } from "./one-trace.js";

// Those that are called would send nothing, or all, by their own rates.
const SERVICES: readonly ServiceConfig[] = (["bridge", "vendor"] as const).flatMap((speaks) =>
  Object.entries({ first: 0.5, none: 0, all: 1 }).map(([name, rate]) => ({
    name: `${speaks}-${name}`,
    speaks,
    rate,
  })),
);

const ONE_CALL: Way[][] = [["http"], ["fetch"], ["http"], ["fetch"]];
const TWO_CALLS: Way[][] = [
  ["http", "fetch"],
  ["fetch", "http"],
  ["http", "http"],
  ["fetch", "fetch"],
];

const CHAINS = [
  { title: "before us", names: ["vendor-first", "bridge-all"], ways: ONE_CALL },
  { title: "after us", names: ["bridge-first", "vendor-all"], ways: ONE_CALL },
  {
    title: "between two of ours",
    names: ["bridge-first", "vendor-none", "bridge-all"],
    ways: TWO_CALLS,
  },
  {
    title: "on both sides of us",
    names: ["vendor-first", "bridge-none", "vendor-all"],
    ways: TWO_CALLS,
  },
];

describe("with a service that has the vendor's own SDK", () => {
  const ends: (() => Promise<void> | void)[] = [];
  let services: Services;
  let hops: readonly Hop[][][];

  beforeAll(async () => {
    services = await startServices(SERVICES, (end) => void ends.push(end));
    hops = await Promise.all(
      CHAINS.map(({ names, ways }) => sendUntilBoth(services.chainOf(names), ways)),
    );
    await services.stop();
  });

  afterAll(async () => {
    for (const end of ends) await end();
  });

  it.each(CHAINS)("$title, there is one trace, one decision and one sampling context", (chain) => {
    const { names } = chain;
    const all = hops[CHAINS.indexOf(chain)] ?? [];
    expect(all.length).toBeGreaterThan(1);
    expect(all.map((each) => each.map(({ name }) => name))).toEqual(all.map(() => names));
    expect(all.flatMap((each) => faultsIn(services.ingest, each, names))).toEqual([]);
    for (const each of all) {
      const { traceId, isSampled, dsc } = firstWordIn(each);
      expect(dsc).toMatchObject({
        trace_id: traceId,
        sampled: String(isSampled),
        release: names[0],
      });
    }
  });
});
