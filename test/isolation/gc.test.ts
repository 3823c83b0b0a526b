import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { ClientStats } from "../../src/index.js";
import type { ReceivedTransaction } from "../../src/testing/received.js";
import { assertSettled, startIngestServer } from "../../src/testing/testing.js";
import { IS_DEEP } from "../property/runs.js";
import { startFixture } from "./child.js";

const UNITS = IS_DEEP ? 1500 : 500;

interface Report {
  readonly collected: number;
  readonly stats: ClientStats;
}

let server: Awaited<ReturnType<typeof startIngestServer>>;

beforeAll(async () => {
  server = await startIngestServer();
});

afterAll(() => server.close());

describe("a unit of work that only its spans refer to (rule 8)", () => {
  it("is there, with its user and tags, when its transaction is built after garbage was collected", async () => {
    const fixture = await startFixture("gc.mjs", {
      env: { DSN: server.dsn, UNITS: String(UNITS) },
      execArgv: ["--expose-gc"],
    });
    try {
      const { collected, stats } = await fixture.next<Report>();
      // What the units' own code held besides is gone: the collector did run.
      expect(collected).toBe(UNITS);
      assertSettled({ stats: () => stats });
      expect(server.transactions().flatMap(faultsOf)).toEqual([]);
      expect(new Set(server.transactions().map(({ transaction }) => transaction)).size).toBe(UNITS);
    } finally {
      await fixture.stop();
    }
  });
});

function faultsOf({ transaction: id, user, tags, spans }: ReceivedTransaction): string[] {
  const actual = {
    user: user?.id,
    unit: tags?.["unit"],
    late: tags?.["late"],
    child: spans[0]?.description,
  };
  const expected = { user: id, unit: id, late: id, child: `${id}.child` };
  return JSON.stringify(actual) === JSON.stringify(expected)
    ? []
    : [`${id}: ${JSON.stringify(actual)}`];
}
