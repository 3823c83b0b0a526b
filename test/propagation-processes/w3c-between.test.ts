import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sendUntilBoth, startServices } from "./chain.js";
import type { Hop, ServiceConfig, Services, StoppedService, Way } from "./chain.js";
import { dscOf, faultsIn, firstWordIn } from "./one-trace.js";
import { sentAbout } from "./sent.js";

/** A, which begins, and the three that end a chain have the bridge; between them is a service that has OpenTelemetry only. */
const SERVICES: readonly ServiceConfig[] = [
  { name: "a", speaks: "bridge", rate: 0.5 },
  { name: "between", speaks: "w3c", passesBaggage: true },
  { name: "between without baggage", speaks: "w3c", passesBaggage: false },
  { name: "c0", speaks: "bridge", rate: 0 },
  { name: "c1", speaks: "bridge", rate: 1 },
  { name: "c", speaks: "bridge", rate: 0.5 },
];

const CHAINS = {
  c0: ["a", "between", "c0"],
  c1: ["a", "between", "c1"],
  c: ["a", "between without baggage", "c"],
};
type Last = keyof typeof CHAINS;

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
  const ends: (() => Promise<void> | void)[] = [];
  const sent = new Map<string, readonly Hop[][]>();
  let services: Services;
  let stopped: readonly StoppedService[];

  beforeAll(async () => {
    services = await startServices(SERVICES, (end) => void ends.push(end));
    await Promise.all(
      Object.entries(CHAINS).map(async ([last, names]) => {
        sent.set(last, await sendUntilBoth(services.chainOf(names), WAYS));
      }),
    );
    stopped = await services.stop();
  });

  afterAll(async () => {
    for (const end of ends) await end();
  });

  function hopsOf(last: Last): readonly Hop[][] {
    return sent.get(last) ?? [];
  }

  function seenBy(service: string): readonly string[] | undefined {
    return stopped.find(({ name }) => name === service)?.othersTraces.toSorted();
  }

  // What Sentry refuses is not refused for others.
  function expectSeenByOthers(last: Last): void {
    expect(seenBy(last)).toEqual(traceIdsOf(hopsOf(last)));
    expect(seenBy("a")).toEqual(traceIdsOf([...sent.values()].flat()));
  }

  it.each(["c0", "c1"] as const)(
    "the first's decision and sampling context hold, whatever the other's rate (%s)",
    (last) => {
      const all = hopsOf(last);
      expect(all.map(headersIn)).toEqual(all.map(() => ["baggage", "traceparent"]));
      expect(all.flatMap((hops) => faultsIn(services.ingest, hops, ["a", last]))).toEqual([]);
      expect(all.map(([, , third]) => dscOf(third))).toEqual(
        all.map((hops) => firstWordIn(hops).dsc),
      );
      expectSeenByOthers(last);
    },
  );

  it("and no baggage, both decide alike by the trace id", () => {
    const all = hopsOf("c");
    expect(all.map(headersIn)).toEqual(all.map(() => ["traceparent"]));
    for (const hops of all) {
      const { traceId, isSampled, dsc } = firstWordIn(hops);
      const arrived = sentAbout(services.ingest, traceId);
      expect([...arrived.keys()].toSorted()).toEqual(isSampled ? ["a", "c"] : []);
      // All that is decided by is the same; names are C's own.
      const ofThird = isSampled ? arrived.get("c")?.dsc : { ...dsc, release: "c" };
      expect(ofThird).toMatchObject({ ...dsc, release: "c" });
      const told = hops[2]?.headers["traceparent"]?.split("-") ?? [];
      expect(told[1]).toBe(traceId);
      expect([told[2], undefined]).toContain(arrived.get("c")?.root.parentId);
    }
    expectSeenByOthers("c");
  });
});

function traceIdsOf(all: readonly Hop[][]): string[] {
  return all.map((hops) => firstWordIn(hops).traceId).toSorted();
}
