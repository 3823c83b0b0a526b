import { cpuUsage } from "node:process";

import { describe, expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { heldMemory } from "./held-memory.js";
import { startFaultServer } from "./kit.js";
import { paced } from "./paced.js";

const MIB = 1024 * 1024;

// Beside what the spans of the turn cost: on a busy machine a turn comes late and has more of them.
const MILLIS_PER_SPAN = 0.5;
const MOST_MILLIS_BESIDE = 50;

/** CPU time of the turns of the event loop. */
function watchTurns(spans: () => number): { stop(): number[] } {
  const turns: number[] = [];
  let last = { cpu: cpuUsage(), spans: spans() };
  const timer = setInterval(() => {
    const now = { cpu: cpuUsage(), spans: spans() };
    const micros = now.cpu.user - last.cpu.user + now.cpu.system - last.cpu.system;
    turns.push(micros / 1000 - (now.spans - last.spans) * MILLIS_PER_SPAN);
    last = now;
  }, 5);
  return {
    stop() {
      clearInterval(timer);
      return turns;
    },
  };
}

describe("1000 root spans per second against 50 ms of server latency", () => {
  it("for 20 s lose none, block nothing, and memory stays flat", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 50 } }] });
    const app = openClient(server);
    const turns: number[] = [];
    const load = async (seconds: number): Promise<number> => {
      const watch = watchTurns(() => app.client.stats().spans.started);
      await paced({ perSecond: 1000, seconds }, () => app.captureTransactions(1, 0));
      turns.push(...watch.stop());
      // What still waits depends on the machine.
      expect(await app.client.flush(30_000)).toBe(true);
      return heldMemory();
    };
    const early = await load(5);
    const late = await load(15);
    expect(app.client.stats().spans).toMatchObject({ started: 20_000, sent: 20_000, dropped: {} });
    expect(outcomeOf(app.accounting())).toEqual({
      delivered: { transaction: 20_000, span: 20_000 },
      dropped: {},
    });
    const report = await server.report();
    expect(report.events).toMatchObject({ unique: 20_000, duplicates: 0, maxAttempts: 1 });
    await expectAccounted(app.accounting(), report);
    expect(late - early).toBeLessThan(MIB);
    const [slowest = 0] = turns.toSorted((a, b) => b - a).slice(Math.floor(turns.length / 100));
    expect(slowest).toBeLessThan(MOST_MILLIS_BESIDE);
  });
});
