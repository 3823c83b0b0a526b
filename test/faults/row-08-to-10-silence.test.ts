import { setTimeout as delay } from "node:timers/promises";

import { expect, it } from "vitest";

import { cpuTime, ownTime } from "../time/measure.js";
import { expectAccounted, outcomeOf } from "./accounted.js";
import { openDelivery } from "./delivery.js";
import { heldSocketsTo, socketsTo } from "./kernel-sockets.js";
import { describeRow, startFaultServer } from "./kit.js";
import { waitFor } from "../time/wait-for.js";

const SILENT = { kind: "stall" } as const;

describeRow(8, "a server that reads requests and never answers", () => {
  it("after 200 of them, and 3 s, delivers 10 of 10 later ones within a second of its recovery", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: SILENT }] });
    const delivery = openDelivery(server);
    delivery.capture(200, "transaction");
    await delay(3000);
    await server.script({});
    const later = delivery.capture(10);
    const ids = later.map(({ eventId }) => String(eventId));
    const { millis } = await ownTime(() =>
      waitFor(() => server.events(), {
        predicate: (events) => ids.every((id) => events[id]?.answered === 1),
        timeoutMillis: 15_000,
      }),
    );
    expect(millis).toBeLessThan(1000);
    // Also those that had waited behind the silent ones.
    await waitFor(async () => ({ stats: delivery.sender.stats(), report: await server.report() }), {
      predicate: ({ stats: { delivered, queuedItems }, report: { events } }) =>
        queuedItems === 0 &&
        (delivered.error ?? 0) + (delivered.transaction ?? 0) === events.unique,
      timeoutMillis: 5000,
    });
    expect((await server.report()).events.unique).toBeGreaterThan(100);
    await expectAccounted(delivery.accounting(), server, { hasUnknownOutcomes: true });
  });

  it("gives each up at its deadline and tries it again; nothing is lost, nothing leaks", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ upTo: 20, do: SILENT }] });
    const delivery = openDelivery(server, { headersTimeoutMillis: 400 });
    delivery.capture(200, "transaction");
    expect(await delivery.flush(20_000)).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 200, span: 600 },
      dropped: {},
    });
    expect((await server.report()).events.maxAttempts).toBeLessThanOrEqual(2);
    await delivery.sender.close(1000);
    await waitFor(async () => heldSocketsTo(server.port), {
      predicate: (sockets) => sockets.length === 0,
      timeoutMillis: 5000,
    });
    await expectAccounted(delivery.accounting(), server);
  });

  it("for longer than retries last is a reported network_error for what was tried", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ times: 2, do: SILENT }] });
    const delivery = openDelivery(server, { headersTimeoutMillis: 200 });
    await delivery.send();
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: {},
      dropped: { error: { network_error: 1 } },
    });
    await delivery.send();
    await delivery.flush();
    await expectAccounted(delivery.accounting(), server, { areReportsComplete: true });
  });

  it("does not delay flush beyond its timeout", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: SILENT }] });
    const delivery = openDelivery(server);
    delivery.capture(5);
    const { result, millis } = await ownTime(() => delivery.flush(300));
    expect(result).toBe(false);
    expect(millis).toBeLessThan(1500);
    await expectAccounted(delivery.accounting(), server);
  });
});

describeRow(9, "a NAT gateway that has forgotten a connection", () => {
  it("costs a deadline and no envelope: the next attempt uses a new connection", async () => {
    const server = await startFaultServer();
    const delivery = openDelivery(server, { headersTimeoutMillis: 400, maxConnections: 1 });
    await delivery.send();
    await server.freezeConnections();
    await delivery.send();
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 2 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server);
  });

  it("is prevented by keep-alive probes after 45 s, which the kernel is set to send", async () => {
    const server = await startFaultServer();
    const delivery = openDelivery(server);
    await delivery.send();
    const [socket] = socketsTo(server.port);
    expect(socket?.timer).toBe(2);
    expect(socket?.timerMillis).toBeGreaterThan(30_000);
    expect(socket?.timerMillis).toBeLessThanOrEqual(46_000);
    await expectAccounted(delivery.accounting(), server);
  });
});

describeRow(10, "a server that reads slowly", () => {
  const large = { payloadBytes: 900_000 } as const;
  const uncompressed = { gzipThresholdBytes: 100_000_000 } as const;

  it("below the deadline is waited for, and the event loop is free meanwhile", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "slow-read", startMillis: 300 } }] });
    const delivery = openDelivery(server, uncompressed);
    delivery.capture(8, "error", large);
    let longest = 0;
    let cpu = cpuTime();
    const watch = setInterval(() => {
      longest = Math.max(longest, cpu());
      cpu = cpuTime();
    }, 5);
    expect(await delivery.flush(20_000)).toBe(true);
    clearInterval(watch);
    // CPU time of one turn, with that of the threads that collect garbage.
    expect(longest).toBeLessThan(150);
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 8 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server);
  });

  it("above it is an attempt whose outcome is unknown: tried once more", async () => {
    const server = await startFaultServer();
    await server.script({
      requests: [{ times: 1, do: { kind: "slow-read", startMillis: 5000 } }],
    });
    const delivery = openDelivery(server, { ...uncompressed, headersTimeoutMillis: 400 });
    await delivery.send("error", large);
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 1 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server, { hasUnknownOutcomes: true });
  });
});
