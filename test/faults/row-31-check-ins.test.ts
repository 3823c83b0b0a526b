import { setTimeout as delay } from "node:timers/promises";

import { expect, it, onTestFinished } from "vitest";

import { captureCheckIn, captureMessage, createClient, setClient } from "../../src/index.js";
import type { ClientOptions, SentryClient } from "../../src/index.js";
import { spoolDirectory } from "../delivery/spool/spool-support.js";
import { some } from "../property/runs.js";
import { describeRow, startFaultServer } from "./kit.js";
import type { FaultServer } from "./kit.js";
import { waitFor } from "../time/wait-for.js";

const RUNS = 90;
const ERRORS_PER_RUN = 4;
const SCHEDULE = { schedule: { type: "crontab", value: "* * * * *" } } as const;

function openClient(options: ClientOptions): SentryClient {
  const client = createClient(options);
  setClient(client);
  onTestFinished(async () => {
    await client.close(100);
    setClient(undefined);
  });
  return client;
}

function overflow(): void {
  for (let count = 0; count < ERRORS_PER_RUN; count += 1) captureMessage("x".repeat(7500));
}

// What the server has processed of each run, in the order of its arrival.
async function runsAt(server: FaultServer): Promise<Map<string, string[]>> {
  const runs = new Map<string, string[]>();
  for (const [key, { processed }] of Object.entries(await server.events())) {
    const [id = "", status] = key.split(":");
    if (status === undefined || processed === 0) continue;
    runs.set(id, [...(runs.get(id) ?? []), status]);
  }
  return runs;
}

/** How the server goes away, and comes back. */
interface Outage {
  readonly begin: (server: FaultServer) => Promise<void>;
  readonly end: (server: FaultServer) => Promise<void>;
}

const answerAgain = (server: FaultServer): Promise<void> => server.script({});

const OUTAGES: Readonly<Record<string, Outage>> = {
  "refuses connections": {
    async begin(server) {
      await server.stopListening();
      await server.resetConnections();
    },
    end: (server) => server.listen(),
  },
  "resets each request": {
    begin: (server) => server.script({ requests: [{ do: { kind: "rst" } }] }),
    end: answerAgain,
  },
  "answers nothing": {
    begin: (server) => server.script({ requests: [{ do: { kind: "stall" } }] }),
    end: answerAgain,
  },
};

interface Flood {
  /** Errors find no room. */
  readonly isLossy: boolean;
  readonly options: (dsn: string) => Promise<ClientOptions>;
}

const FLOODS: Readonly<Record<string, Flood>> = {
  "without a spool": {
    isLossy: true,
    options: async (dsn) => ({ dsn, maxBufferedBytes: 500_000 }),
  },
  "with a spool": {
    isLossy: false,
    options: async (dsn) => ({
      dsn,
      maxBufferedBytes: 500_000,
      spool: { directory: await spoolDirectory() },
    }),
  },
  "with a full spool": {
    isLossy: true,
    options: async (dsn) => ({
      dsn,
      maxBufferedBytes: 500_000,
      spool: { directory: await spoolDirectory(), maxFiles: 300 },
    }),
  },
};

describeRow(31, "check-ins while errors overflow the queue and the server is gone", () => {
  const all = Object.keys(OUTAGES).flatMap((outage) =>
    Object.keys(FLOODS).map((flood) => [outage, flood] as const),
  );
  // A spool is emptied by ten files per second, which takes long.
  const isQuick = ([outage, flood]: (typeof all)[number]): boolean =>
    outage === "refuses connections" || flood === "without a spool";
  const cases = [...all.filter(isQuick), ...some(all.filter((each) => !isQuick(each)))];

  it.each(cases)("all arrive, in order per run (it %s; %s)", async (outage, flood) => {
    const server = await startFaultServer();
    const client = openClient({
      ...(await FLOODS[flood]?.options(server.dsn)),
      transport: { headersTimeoutMillis: 500 },
    });
    const ids: string[] = [];
    const begin = (): void =>
      void ids.push(captureCheckIn({ monitorSlug: "job", status: "in_progress" }, SCHEDULE));
    const end = (run: number): void =>
      void captureCheckIn(
        { monitorSlug: "job", status: "ok", checkInId: ids[run] ?? "", duration: 1 },
        SCHEDULE,
      );
    // A third of the runs begins before the outage, a third lies in it, a third ends after it.
    for (let run = 0; run < RUNS / 3; run += 1) begin();
    await client.flush(5000);
    await OUTAGES[outage]?.begin(server);
    for (let run = RUNS / 3; run < RUNS; run += 1) {
      begin();
      overflow();
      end(run - RUNS / 3);
      await delay(10);
    }
    await OUTAGES[outage]?.end(server);
    for (let run = (2 * RUNS) / 3; run < RUNS; run += 1) {
      overflow();
      end(run);
      await delay(5);
    }
    const runs = await waitFor(() => runsAt(server), {
      predicate: (seen) => [...seen.values()].filter((each) => each.length === 2).length === RUNS,
      timeoutMillis: 60_000,
    });
    await client.flush(10_000);
    expect([...runs.values()].filter((each) => each.join() !== "in_progress,ok")).toEqual([]);
    const { error, monitor } = client.stats().byCategory;
    const droppedErrors = Object.keys(error?.dropped ?? {});
    expect(droppedErrors.length > 0 || FLOODS[flood]?.isLossy === false).toBe(true);
    const { sent, dropped } = monitor ?? {};
    expect({ runs: runs.size, sent, dropped }).toEqual({
      runs: RUNS,
      sent: 2 * RUNS,
      dropped: {},
    });
  });
});
