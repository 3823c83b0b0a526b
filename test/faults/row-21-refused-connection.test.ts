import { setTimeout as delay } from "node:timers/promises";

import { expect, it } from "vitest";

import { ownTime } from "../time/measure.js";
import { expectAccounted, outcomeOf } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { countConnectionAttempts } from "./connection-attempts.js";
import { openDelivery } from "./delivery.js";
import { fastClock } from "../time/fast-clock.js";
import { describeRow, startFaultServer } from "./kit.js";
import { SENDS_HERE } from "./sender-thread.js";

const FACTOR = 10;
const TURN_MILLIS = 10;

// As near as two attempts come while a server is taken for gone.
const MIN_PROBE_GAP_MILLIS = 250;

describeRow(21, "connection refused for a time, then up", () => {
  it("for 3 s costs a probe now and then and hardly any work; all is delivered soon after it", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const attempts = countConnectionAttempts(server.port);
    const delivery = openDelivery(server);
    const start = performance.now();
    const cpu = process.cpuUsage();
    delivery.capture(100, "transaction");
    delivery.capture(50, "error");
    delivery.capture(10, "monitor");
    await delay(3000);
    const { user, system } = process.cpuUsage(cpu);
    expect((user + system) / 1000).toBeLessThan(600);
    const mostProbes = (performance.now() - start) / MIN_PROBE_GAP_MILLIS;
    // The slots that 160 envelopes open all begin before the first has failed.
    expect(attempts.at.length).toBeLessThan(160 / 2 + mostProbes);
    expect(attempts.at.filter((at) => at > 1000).length).toBeLessThanOrEqual(mostProbes);
    expect(delivery.accounting()).toMatchObject({ delivered: {}, dropped: {} });
    expect(delivery.accounting().queued).toEqual(delivery.accounting().captured);

    await server.listen();
    const { millis } = await ownTime(() => server.until(({ events }) => events.unique > 0));
    // The next probe comes within half a second.
    expect(millis).toBeLessThan(1500);
    expect(await delivery.flush()).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 100, span: 300, error: 50, monitor: 10 },
      dropped: {},
    });
    expect(delivery.warnings).toEqual([expect.stringContaining("(ECONNREFUSED)")]);
    const report = await server.report();
    expect(report.events).toMatchObject({ duplicates: 0, maxAttempts: 1 });
    await expectAccounted(delivery.accounting(), report);
  });

  it("for 30 s, ten times as fast: everything that a client captures meanwhile is delivered after it", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    fastClock(FACTOR);
    const attempts = countConnectionAttempts(server.port);
    const app = openClient(server, { transport: SENDS_HERE });
    const upAt = performance.now() + 30_000;
    let turns = 0;
    while (performance.now() < upAt) {
      app.captureTransactions(1);
      app.captureErrors(1);
      turns += 1;
      await delay(TURN_MILLIS);
    }
    // Five open the breaker, up to 20 probes come in the first 5 s, and each one after that adds at
    // least a twentieth to the time of the outage: 37 until it has six times as much.
    expect(attempts.at.length).toBeGreaterThan(20);
    expect(attempts.at.length).toBeLessThan(70);

    const { result: report, millis } = await ownTime(async () => {
      await server.listen();
      return server.until(({ events }) => events.unique > 0);
    });
    // The next probe comes within a tenth of the outage.
    expect(FACTOR * millis).toBeLessThan(3000 + FACTOR * 500);
    expect(report.events.maxAttempts).toBe(1);
    expect(await app.client.flush(FACTOR * 10_000)).toBe(true);
    expect(outcomeOf(app.accounting())).toEqual({
      delivered: { transaction: turns, span: 3 * turns, error: turns },
      dropped: {},
    });
    await expectAccounted(app.accounting(), server);
  });

  it("does not make an application that flushes repeatedly a busy loop", async () => {
    const server = await startFaultServer();
    await server.stopListening();
    const attempts = countConnectionAttempts(server.port);
    const delivery = openDelivery(server);
    const start = performance.now();
    delivery.capture(8, "error");
    let flushes = 0;
    while (performance.now() - start < 2000) {
      expect(await delivery.flush(5)).toBe(false);
      flushes += 1;
    }
    const mostProbes = (performance.now() - start) / MIN_PROBE_GAP_MILLIS;
    expect(flushes).toBeGreaterThan(20);
    expect(attempts.at.length).toBeLessThan(8 + mostProbes);
    await server.listen();
    expect(await delivery.flush()).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 8 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server);
  });
});
