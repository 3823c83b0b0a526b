import { setTimeout as delay } from "node:timers/promises";

import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { countConnectionAttempts } from "./connection-attempts.js";
import { openDelivery } from "./delivery.js";
import type { DeliveryBench, DeliveryOptions } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";
import type { FaultServer } from "./kit.js";
import { mergedReport } from "./merged-report.js";
import { movableDns } from "./movable-dns.js";
import { waitFor } from "../time/wait-for.js";
import { SENDS_HERE } from "./sender-thread.js";

const NAME = "ingest.example.test";

// As near as two attempts come while a server is taken for gone.
const MIN_PROBE_GAP_MILLIS = 250;

// Attempts that may begin before the first of them has failed, where 25 wait.
const MOST_AT_ONCE = 16;

function dsnOf({ dsn, host }: FaultServer): string {
  return dsn.replace(host, NAME);
}

/** A delivery to the name instead of the address. */
function openByName(server: FaultServer, options: DeliveryOptions = {}): DeliveryBench {
  return openDelivery(server, { dsn: dsnOf(server), ...SENDS_HERE, ...options });
}

/** Two servers with one port, at two addresses. */
async function startTwo(): Promise<[FaultServer, FaultServer]> {
  const old = await startFaultServer({ host: "127.0.0.2" });
  return [old, await startFaultServer({ host: "127.0.0.3", port: old.port })];
}

describeRow(22, "a name that does not resolve", () => {
  it.each(["ENOTFOUND", "EAI_AGAIN"] as const)(
    "with %s for 2 s is asked again now and then; all is delivered once it does",
    async (code) => {
      const server = await startFaultServer();
      const dns = movableDns(NAME, code);
      const delivery = openByName(server);
      delivery.capture(20, "transaction");
      delivery.capture(5, "error");
      const start = performance.now();
      await delay(2000);
      const mostProbes = (performance.now() - start) / MIN_PROBE_GAP_MILLIS;
      expect(dns.lookups).toBeGreaterThan(5);
      expect(dns.lookups).toBeLessThan(MOST_AT_ONCE + mostProbes);
      expect(delivery.accounting().queued).toEqual(delivery.accounting().captured);
      expect(delivery.warnings).toEqual([
        expect.stringContaining(`(${code}); the envelope is sent again`),
      ]);

      dns.answer([server.host]);
      expect(await delivery.flush()).toBe(true);
      expect(outcomeOf(delivery.accounting())).toEqual({
        delivered: { transaction: 20, span: 60, error: 5 },
        dropped: {},
      });
      expect((await server.report()).events.maxAttempts).toBe(1);
      await expectAccounted(delivery.accounting(), server);
    },
  );

  it("by the system's resolver keeps as much as fits, and counts the rest", async () => {
    const server = await startFaultServer();
    const { lookups, at } = countConnectionAttempts(server.port);
    const dsn = server.dsn.replace(server.host, "no-such-host.invalid");
    const delivery = openDelivery(server, { dsn, maxBufferedBytes: 50_000, ...SENDS_HERE });
    delivery.capture(1000, "transaction");
    delivery.capture(10, "monitor");
    await waitFor(() => lookups.length, { predicate: (count) => count > 0, timeoutMillis: 20_000 });
    await delay(1000);
    const { captured, queued, dropped } = delivery.accounting();
    expect(queued.monitor).toBe(10);
    expect(queued.transaction).toBeGreaterThan(20);
    expect(dropped.transaction).toEqual({ queue_overflow: 1000 - (queued.transaction ?? 0) });
    expect(lookups[0]).toEqual([
      "no-such-host.invalid",
      expect.stringMatching(/^E(NOTFOUND|AI_)/u),
    ]);
    expect(at).toEqual([]);
    expect(await delivery.flush(300)).toBe(false);
    expect(await delivery.sender.close(100)).toBe(false);
    expect(delivery.accounting()).toMatchObject({
      captured,
      queued: {},
      dropped: { monitor: { closed: 10 } },
    });
    await expectAccounted(delivery.accounting(), server);
    expect((await server.report()).requests.begun).toBe(0);
  });
});

describeRow(22, "a name that moves to another address", () => {
  it("is noticed at a connection's maximum age, while the old address still serves", async () => {
    const [old, next] = await startTwo();
    const dns = movableDns(NAME, [old.host]);
    const delivery = openByName(old, { maxConnectionAgeMillis: 300 });
    for (let sent = 0; sent < 10; sent += 1) await delivery.send();
    expect((await old.report()).connections.opened).toBeLessThanOrEqual(2);
    dns.answer([next.host]);
    await waitFor(async () => (await delivery.send(), next.report()), {
      predicate: ({ events }) => events.unique > 0,
      timeoutMillis: 5000,
    });
    const { events } = await old.report();
    for (let sent = 0; sent < 50; sent += 1) await delivery.send("transaction");
    const report = await old.until(({ connections }) => connections.open === 0);
    expect(report.events.unique).toBe(events.unique);
    expect(outcomeOf(delivery.accounting())).toMatchObject({
      delivered: { transaction: 50 },
      dropped: {},
    });
    await expectAccounted(delivery.accounting(), mergedReport(report, await next.report()));
  });

  it("is noticed at once if the old address is gone", async () => {
    const [old, next] = await startTwo();
    const dns = movableDns(NAME, [old.host]);
    const delivery = openByName(old);
    delivery.capture(50, "transaction");
    await delivery.flush();
    const report = await old.report();
    dns.answer([next.host]);
    await old.close();
    delivery.capture(50, "transaction");
    expect(await delivery.flush()).toBe(true);
    expect((await next.report()).processed).toEqual({ transaction: 50, span: 150 });
    await expectAccounted(delivery.accounting(), mergedReport(report, await next.report()));
  });

  it("is noticed at the deadline if the old address is silent", async () => {
    const [old, next] = await startTwo();
    const dns = movableDns(NAME, [old.host]);
    const delivery = openByName(old, { headersTimeoutMillis: 300, maxConnections: 6 });
    delivery.capture(20, "transaction");
    await delivery.flush();
    await old.freezeConnections();
    dns.answer([next.host]);
    delivery.capture(50, "transaction");
    expect(await delivery.flush(20_000)).toBe(true);
    expect((await next.report()).processed).toEqual({ transaction: 50, span: 150 });
    await expectAccounted(
      delivery.accounting(),
      mergedReport(await old.report(), await next.report()),
    );
  });

  it("with several addresses is reached at the first that takes connections", async () => {
    const server = await startFaultServer({ host: "127.0.0.3" });
    movableDns(NAME, ["127.0.0.4", server.host]);
    const delivery = openByName(server);
    delivery.capture(50, "transaction");
    expect(await delivery.flush()).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 50, span: 150 },
      dropped: {},
    });
    expect(delivery.warnings).toEqual([]);
    await expectAccounted(delivery.accounting(), server);
  });
});
