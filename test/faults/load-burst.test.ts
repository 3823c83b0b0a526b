import { describe, expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { openDelivery } from "./delivery.js";
import { startFaultServer } from "./kit.js";
import type { FaultServer } from "./kit.js";
import { THREAD } from "./sender-thread.js";

const SLOW = { requests: [{ do: { kind: "respond", delayMillis: 20 } }] } as const;
const BURST = 10_000;

// What is under way already is sent before, and requests over new connections are overtaken by others
// over kept ones.
// A sender thread has 512 envelopes, and goes on with them while the thread of the test is busy.
const MOST_AHEAD = THREAD ? 600 : 300;

/** How many the server had seen when it had seen all of these. */
async function seenUpTo(server: FaultServer, ids: readonly string[]): Promise<number> {
  const order = Object.keys(await server.events());
  const places = ids.map((id) => order.findIndex((seen) => seen.startsWith(id)));
  expect(places).not.toContain(-1);
  return Math.max(...places) + 1;
}

describe("a burst of 10,000 transactions in one turn", () => {
  it("waits, and none is dropped; errors that come later are sent before it", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const app = openClient(server);
    app.captureTransactions(BURST);
    const first = app.captureErrors(50);
    const { queued, dropped } = app.client.stats().transactions;
    expect(dropped).toEqual({});
    expect(queued).toBeGreaterThan(BURST - 64);
    await server.until(({ processed }) => (processed.transaction ?? 0) > 500);
    const sentBefore = app.client.stats().delivery.envelopesSent;
    expect(sentBefore).toBeLessThan(BURST / 2);
    const later = app.captureErrors(50);
    expect(await app.client.flush(40_000)).toBe(true);
    expect(outcomeOf(app.accounting())).toEqual({
      delivered: { transaction: BURST, span: 3 * BURST, error: 100 },
      dropped: {},
    });
    expect(await seenUpTo(server, first)).toBeLessThanOrEqual(MOST_AHEAD);
    expect(await seenUpTo(server, later)).toBeLessThanOrEqual(sentBefore + MOST_AHEAD);
    const report = await server.report();
    expect(report.events).toMatchObject({ duplicates: 0, maxAttempts: 1 });
    await expectAccounted(app.accounting(), report);
  });

  it("does not delay check-ins and errors", async () => {
    const server = await startFaultServer();
    await server.script(SLOW);
    const delivery = openDelivery(server);
    delivery.capture(BURST, "transaction");
    await server.until(({ processed }) => (processed.transaction ?? 0) > 500);
    const sentBefore = delivery.sender.stats().envelopesSent;
    expect(sentBefore).toBeLessThan(BURST / 2);
    const urgent = [...delivery.capture(50, "monitor"), ...delivery.capture(50, "error")];
    expect(await delivery.flush(40_000)).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: BURST, span: 3 * BURST, monitor: 50, error: 50 },
      dropped: {},
    });
    const ids = urgent.map(({ eventId }) => eventId ?? "");
    expect(await seenUpTo(server, ids)).toBeLessThanOrEqual(sentBefore + MOST_AHEAD);
    await expectAccounted(delivery.accounting(), server);
  });
});
