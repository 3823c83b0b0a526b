import { describe, expect, it } from "vitest";

import { sendUntilBoth, startChain } from "./chain.js";
import type { Hop, ServiceConfig, StoppedService, Way } from "./chain.js";
import { dscOf, faultsIn, firstWordIn } from "./one-trace.js";
import { sentAbout } from "./sent.js";

/** A and C have the bridge; between them is a service that has OpenTelemetry only. */
function services(passesBaggage: boolean, rate: number): ServiceConfig[] {
  return [
    { name: "a", speaks: "bridge", rate: 0.5 },
    { name: "between", speaks: "w3c", passesBaggage },
    { name: "c", speaks: "bridge", rate },
  ];
}

const SENDERS = ["a", "c"];
const WAYS: Way[][] = [
  ["http", "fetch"],
  ["fetch", "http"],
  ["http", "http"],
  ["fetch", "fetch"],
];

/** Names of the headers that the third was sent. */
function headersIn([, , third]: readonly Hop[]): string[] {
  return Object.keys(third?.headers ?? {}).toSorted();
}

describe("with a service between that passes W3C headers only", () => {
  it.each([0, 1])(
    "the first's decision and sampling context hold, whatever the other's rate (%d)",
    async (rate) => {
      const chain = await startChain(services(true, rate));
      const all = await sendUntilBoth(chain, WAYS);
      const stopped = await chain.stop();
      expect(all.map(headersIn)).toEqual(all.map(() => ["baggage", "traceparent"]));
      expect(all.flatMap((hops) => faultsIn(chain.ingest, hops, SENDERS))).toEqual([]);
      expect(all.map(([, , third]) => dscOf(third))).toEqual(
        all.map((hops) => firstWordIn(hops).dsc),
      );
      expectSeenByOthers(all, stopped);
    },
  );

  it("and no baggage, both decide alike by the trace id", async () => {
    const chain = await startChain(services(false, 0.5));
    const all = await sendUntilBoth(chain, WAYS);
    const stopped = await chain.stop();
    expect(all.map(headersIn)).toEqual(all.map(() => ["traceparent"]));
    for (const hops of all) {
      const { traceId, isSampled, dsc } = firstWordIn(hops);
      const sent = sentAbout(chain.ingest, traceId);
      expect([...sent.keys()].toSorted()).toEqual(isSampled ? SENDERS : []);
      // All that is decided by is the same; names are C's own.
      const ofThird = isSampled ? sent.get("c")?.dsc : { ...dsc, release: "c" };
      expect(ofThird).toMatchObject({ ...dsc, release: "c" });
      const told = hops[2]?.headers["traceparent"]?.split("-") ?? [];
      expect(told[1]).toBe(traceId);
      expect([told[2], undefined]).toContain(sent.get("c")?.root.parentId);
    }
    expectSeenByOthers(all, stopped);
  });
});

// What Sentry refuses is not refused for others.
function expectSeenByOthers(all: readonly Hop[][], stopped: readonly StoppedService[]): void {
  const traceIds = all.map((hops) => firstWordIn(hops).traceId).toSorted();
  const seen = stopped.filter(({ name }) => SENDERS.includes(name));
  expect(seen.map(({ othersTraces }) => othersTraces.toSorted())).toEqual([traceIds, traceIds]);
}
