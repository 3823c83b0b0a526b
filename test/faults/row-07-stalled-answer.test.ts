import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { openDelivery } from "./delivery.js";
import { heldSocketsTo } from "./kernel-sockets.js";
import { describeRow, startFaultServer } from "./kit.js";

const STALL = { kind: "headers-then", ending: "stall" } as const;

describeRow(7, "a 200 response whose body stalls forever", () => {
  it("is a success; its connection is given up at the default deadline of 5 s", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ category: "error", times: 1, do: STALL }] });
    const delivery = openDelivery(server, { maxConnections: 1 });
    const start = performance.now();
    await delivery.send();
    // The outcome is that of the headers: the connection is still busy with the body.
    expect((await server.report()).connections.open).toBe(1);
    await server.until(({ connections }) => connections.open === 0, 30_000);
    expect(performance.now() - start).toBeGreaterThan(4000);
    await delivery.send();
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 2 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server);
  });

  it("blocks nothing: after 200 of them, all later envelopes are delivered", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: STALL }] });
    const app = openClient(server, { transport: { bodyTimeoutMillis: 500 } });
    app.captureErrors(100);
    app.captureTransactions(100);
    expect(await app.client.flush(30_000)).toBe(true);
    await server.script({});
    app.captureErrors(10);
    app.captureTransactions(10);
    expect(await app.client.flush(30_000)).toBe(true);
    expect(outcomeOf(app.accounting())).toEqual({
      delivered: { error: 110, transaction: 110, span: 330 },
      dropped: {},
    });
    await expectAccounted(app.accounting(), server);
    expect((await server.report()).events.maxAttempts).toBe(1);
  });

  it("leaks no connection", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: STALL }] });
    const delivery = openDelivery(server, { bodyTimeoutMillis: 500, maxConnections: 30 });
    delivery.capture(60);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, heldSocketsTo(server.port).length);
    }, 20);
    expect(await delivery.flush()).toBe(true);
    await server.until((report) => report.connections.open === 0);
    clearInterval(watch);
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(30);
    expect(heldSocketsTo(server.port)).toEqual([]);
  });
});
