import { setTimeout as delay } from "node:timers/promises";

import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openDelivery } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";

// Blocks the event loop, so that what the server does meanwhile is not noticed.
function block(millis: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
}

describeRow(4, "a large body over a connection that died while the event loop stood still", () => {
  it.each(["fin", "rst"] as const)("(%s) is delivered, 12 of 12", async (by) => {
    const server = await startFaultServer();
    await server.script({ idle: { afterMillis: 20, by } });
    const delivery = openDelivery(server, {
      maxConnections: 1,
      gzipThresholdBytes: 100_000_000,
    });
    for (let round = 0; round < 12; round += 1) {
      await delivery.send();
      block(60);
      await delivery.send("error", { payloadBytes: 900_000 });
    }
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 24 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server);
  });
});

// Connections that are idle at one time, and lost at one time.
const AT_ONCE = 4;

describeRow(5, "a server that closes idle connections just when the next request comes", () => {
  it.each(["fin", "rst", "half-close"] as const)(
    "(%s, 1000 requests at 30 ms) costs no envelope, and at most one in 100 is processed twice",
    async (by) => {
      const server = await startFaultServer();
      await server.script({ idle: { afterMillis: 30, by } });
      const delivery = openDelivery(server);
      for (let round = 0; round < 1000 / AT_ONCE; round += 1) {
        delivery.capture(AT_ONCE);
        expect(await delivery.flush()).toBe(true);
        await delay(29 + (round % 3));
      }
      expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 1000 }, dropped: {} });
      const { events } = await server.report();
      expect(events.unique).toBe(1000);
      expect(events.duplicates).toBeLessThanOrEqual(10);
      expect(events.differing).toBe(0);
      await expectAccounted(delivery.accounting(), server, { hasUnknownOutcomes: true });
    },
  );
});
