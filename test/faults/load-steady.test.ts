import { monitorEventLoopDelay } from "node:perf_hooks";

import { describe, expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { heldMemory } from "./held-memory.js";
import { startFaultServer } from "./kit.js";
import { paced } from "./paced.js";

const MIB = 1024 * 1024;

describe("1000 root spans per second against 50 ms of server latency", () => {
  it("for 20 s lose none, block nothing, and memory stays flat", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 50 } }] });
    const app = openClient(server);
    const lag = monitorEventLoopDelay({ resolution: 5 });
    const load = (seconds: number): Promise<void> =>
      paced({ perSecond: 1000, seconds }, () => app.captureTransactions(1, 0));
    lag.enable();
    await load(5);
    lag.disable();
    const early = await heldMemory();
    lag.enable();
    await load(15);
    lag.disable();
    const late = await heldMemory();
    expect(await app.client.flush(10_000)).toBe(true);
    expect(app.client.stats().spans).toMatchObject({ started: 20_000, sent: 20_000, dropped: {} });
    expect(outcomeOf(app.books())).toEqual({
      delivered: { transaction: 20_000, span: 20_000 },
      dropped: {},
    });
    const report = await server.report();
    expect(report.events).toMatchObject({ unique: 20_000, duplicates: 0, maxAttempts: 1 });
    await expectAccounted(app.books(), report);
    expect(late - early).toBeLessThan(MIB);
    // 5 ms of it are the resolution.
    expect(lag.percentile(99) / 1e6).toBeLessThan(50);
  });
});
