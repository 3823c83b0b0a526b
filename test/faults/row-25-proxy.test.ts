import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openDelivery } from "./delivery.js";
import type { DeliveryBench, DeliveryOptions } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";
import type { FaultServer } from "./kit.js";
import type { RequestAction, RequestRule } from "./server-protocol.js";
import { trustFewRoots } from "../delivery/http/few-roots.js";

trustFewRoots();

const CA = readFileSync(new URL("fixtures/ca.pem", import.meta.url), "utf8");
const TUNNEL: RequestAction = { kind: "tunnel" };

interface ThroughProxy {
  readonly server: FaultServer;
  readonly proxy: FaultServer;
  readonly open: (options?: DeliveryOptions) => DeliveryBench;
}

/** A server behind a proxy that opens tunnels, but for what the rules say. */
async function startBehindProxy(rules: readonly RequestRule[] = []): Promise<ThroughProxy> {
  const server = await startFaultServer({ tls: "good" });
  const proxy = await startFaultServer();
  await proxy.script({ requests: [...rules, { do: TUNNEL }] });
  const url = `http://user:secret@${proxy.host}:${proxy.port}`;
  return {
    server,
    proxy,
    open: (options = {}) =>
      openDelivery(server, { caCerts: CA, proxy: url, noProxy: [], ...options }),
  };
}

describeRow(25, "a proxy that refuses", () => {
  it.each([
    ["a tunnel with 407", 407, /refuses the credentials in its URL \(HTTP 407\)/u],
    ["a tunnel with 403", 403, /refused to connect to the server: HTTP 403/u],
  ] as const)("%s is a `network_error` that says so, not tried again", async (_, status, said) => {
    const { server, proxy, open } = await startBehindProxy([{ do: { kind: "respond", status } }]);
    const delivery = open();
    for (let sent = 0; sent < 4; sent += 1) await delivery.send("transaction");
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: {},
      dropped: { transaction: { network_error: 4 }, span: { network_error: 12 } },
    });
    expect((await proxy.report()).requests.begun).toBe(4);
    expect((await server.report()).connections.opened).toBe(0);
    expect(delivery.warnings).toEqual([expect.stringMatching(said)]);
    expect(delivery.warnings[0]).toContain(`${proxy.host}:${proxy.port}`);
    expect(delivery.warnings[0]).not.toContain("secret");
    await expectAccounted(delivery.accounting(), server);
  });

  it("a tunnel without credentials is reported as requiring them", async () => {
    const { server, proxy, open } = await startBehindProxy([
      { do: { kind: "respond", status: 407 } },
    ]);
    const delivery = open({ proxy: `http://${proxy.host}:${proxy.port}` });
    await delivery.send();
    expect(delivery.warnings).toEqual([expect.stringContaining("add them to its URL")]);
    await expectAccounted(delivery.accounting(), server);
  });

  it("a request with 407 instead of passing it on, too", async () => {
    const server = await startFaultServer();
    const proxy = await startFaultServer();
    await proxy.script({ requests: [{ do: { kind: "respond", status: 407 } }] });
    const delivery = openDelivery(server, {
      proxy: `http://${proxy.host}:${proxy.port}`,
      noProxy: [],
    });
    await delivery.send();
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: {},
      dropped: { error: { network_error: 1 } },
    });
    expect(delivery.warnings).toEqual([expect.stringContaining("requires credentials (HTTP 407)")]);
    expect((await proxy.report()).requests.begun).toBe(1);
    await expectAccounted(delivery.accounting(), server);
  });

  it.each([502, 503])(
    "tunnels with %i for a while is asked again, and all is delivered",
    async (status) => {
      const { server, proxy, open } = await startBehindProxy([
        { upTo: 12, do: { kind: "respond", status } },
      ]);
      const delivery = open();
      delivery.capture(30, "transaction");
      delivery.capture(3, "error");
      expect(await delivery.flush(30_000)).toBe(true);
      // Not many more than those that were refused, and the tunnels that are kept.
      expect((await proxy.report()).requests.begun).toBeLessThan(12 + 33);
      expect(outcomeOf(delivery.accounting())).toEqual({
        delivered: { transaction: 30, span: 90, error: 3 },
        dropped: {},
      });
      expect(delivery.warnings).toEqual([
        expect.stringMatching(new RegExp(`HTTP ${status}.*the envelope is sent again`, "u")),
      ]);
      await expectAccounted(delivery.accounting(), server);
    },
  );
});

describeRow(25, "a proxy that dies", () => {
  it("in the middle of a tunnel costs nothing: what was under way goes through a new one", async () => {
    const { server, proxy, open } = await startBehindProxy([
      { do: { kind: "tunnel", resetAfterBytes: 20_000 } },
    ]);
    const delivery = open();
    for (let sent = 0; sent < 200; sent += 1)
      await delivery.send("transaction", { payloadBytes: 1000 });
    const { connections } = await proxy.report();
    // After a few losses each connection is used once, and then none lasts long enough to be reset.
    expect(connections.reset).toBeGreaterThan(1);
    expect(connections.opened).toBeLessThan(50);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 200, span: 600 },
      dropped: {},
    });
    await expectAccounted(delivery.accounting(), server, { hasUnknownOutcomes: true });
  });

  it("is used again when it is back, and everything in flight is delivered", async () => {
    const { server, proxy, open } = await startBehindProxy();
    await server.script({ requests: [{ do: { kind: "respond", delayMillis: 50 } }] });
    const delivery = open();
    delivery.capture(100, "transaction");
    await server.until(({ events }) => events.unique >= 20);
    const isUp = proxy.restart({ downMillis: 1000 });
    delivery.capture(100, "error");
    await isUp;
    expect(await delivery.flush()).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 100, span: 300, error: 100 },
      dropped: {},
    });
    const report = await server.report();
    await expectAccounted(delivery.accounting(), report, { hasUnknownOutcomes: true });
  });

  it("or has not started yet is named in the only warning; everything is delivered once it is up", async () => {
    const { server, proxy, open } = await startBehindProxy();
    await proxy.stopListening();
    const delivery = open();
    delivery.capture(20, "transaction");
    expect(await delivery.flush(1200)).toBe(false);
    expect(delivery.warnings).toEqual([
      expect.stringMatching(
        new RegExp(`proxy ${proxy.host}:${proxy.port} could not be reached`, "u"),
      ),
    ]);
    await proxy.listen();
    expect(await delivery.flush()).toBe(true);
    expect(delivery.accounting()).toMatchObject({ delivered: { transaction: 20 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server);
  });

  it("or never answers is given up at the connect deadline, and asked again", async () => {
    const { server, open } = await startBehindProxy([{ upTo: 5, do: { kind: "stall" } }]);
    const delivery = open({ connectTimeoutMillis: 300 });
    delivery.capture(20, "transaction");
    expect(await delivery.flush()).toBe(true);
    expect(delivery.accounting()).toMatchObject({ delivered: { transaction: 20 }, dropped: {} });
    expect(delivery.warnings).toEqual([expect.stringContaining("ERR_CONNECT_TIMEOUT")]);
    await expectAccounted(delivery.accounting(), server);
  });
});

describeRow(25, "a proxy that works", () => {
  it("carries many sends through few tunnels, which are kept", async () => {
    const { server, proxy, open } = await startBehindProxy();
    const delivery = open();
    for (let sent = 0; sent < 50; sent += 1) await delivery.send("transaction");
    expect((await proxy.report()).connections.opened).toBeLessThanOrEqual(2);
    expect((await proxy.report()).requests.begun).toBeLessThanOrEqual(2);
    await expectAccounted(delivery.accounting(), server);
  });
});
