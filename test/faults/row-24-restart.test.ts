import { setTimeout as delay } from "node:timers/promises";

import { expect, it } from "vitest";

import { ownTime } from "../time/measure.js";
import { expectAccounted, outcomeOf } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { openDelivery } from "./delivery.js";
import type { CapturedCategory } from "./envelopes.js";
import { describeRow, startFaultServer } from "./kit.js";
import { paced } from "./paced.js";
import { waitFor } from "../time/wait-for.js";

const SLOW = { requests: [{ do: { kind: "respond", delayMillis: 20 } }] } as const;
const KINDS: readonly CapturedCategory[] = ["transaction", "transaction", "error", "monitor"];

describeRow(24, "a server that is restarted under 100 envelopes a second", () => {
  it("and is down for 2 s loses none, and does not process one twice unless it gave no answer", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const delivery = openDelivery(server);
    const sending = paced({ perSecond: 100, seconds: 5 }, (index) => {
      delivery.capture(1, KINDS[index % KINDS.length]);
    });
    await server.until(({ events }) => events.unique >= 100);
    await server.restart({ downMillis: 2000 });
    const before = (await server.report()).events.unique;
    const { millis } = await ownTime(() => server.until(({ events }) => events.unique > before));
    // The next probe comes within half a second.
    expect(millis).toBeLessThan(1500);
    await sending;
    expect(await delivery.flush()).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 250, span: 750, error: 125, monitor: 125 },
      dropped: {},
    });
    const report = await server.report();
    expect(report.events.duplicates).toBeLessThanOrEqual(report.connections.reset);
    expect(delivery.warnings).toHaveLength(1);
    await expectAccounted(delivery.accounting(), report, { hasUnknownOutcomes: true });
  });

  it("again and again, in the middle of requests, loses none", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const app = openClient(server);
    const sending = paced({ perSecond: 100, seconds: 6 }, () => app.captureTransactions(1, 3));
    for (let restarts = 0; restarts < 4; restarts += 1) {
      await delay(300);
      await server.restart({ downMillis: 300 });
      // One that is hit a second time may be lost: the first ones' retries come before the next.
      await waitFor(() => app.client.stats().delivery.held, {
        predicate: (held) => held === 0,
        timeoutMillis: 5000,
      });
    }
    await sending;
    expect(await app.client.flush(10_000)).toBe(true);
    expect(outcomeOf(app.accounting())).toEqual({
      delivered: { transaction: 600, span: 2400 },
      dropped: {},
    });
    const report = await server.report();
    expect(report.events.duplicates).toBeLessThanOrEqual(report.connections.reset);
    await expectAccounted(app.accounting(), report, { hasUnknownOutcomes: true });
  });

  it("does not get a new connection for each request once it is back", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const delivery = openDelivery(server);
    await paced({ perSecond: 100, seconds: 2 }, () => void delivery.capture(1));
    await server.restart();
    const { connections } = await server.report();
    await paced({ perSecond: 100, seconds: 3 }, () => void delivery.capture(1));
    expect(await delivery.flush()).toBe(true);
    const report = await server.report();
    expect(report.connections.opened - connections.opened).toBeLessThan(80);
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 500 }, dropped: {} });
    await expectAccounted(delivery.accounting(), report, { hasUnknownOutcomes: true });
  });
});
