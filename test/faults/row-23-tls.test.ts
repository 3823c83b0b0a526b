import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { ownTime } from "../time/measure.js";
import { expectAccounted, outcomeOf } from "./accounted.js";
import { namesIn, spoolDirectory } from "../delivery/spool/spool-support.js";
import { openDelivery } from "./delivery.js";
import type { DeliveryOptions } from "./delivery.js";
import { heldSocketsTo } from "./kernel-sockets.js";
import { describeRow, startFaultServer } from "./kit.js";
import type { CertificateName } from "./server-protocol.js";
import { waitFor } from "../time/wait-for.js";
import { trustFewRoots } from "../delivery/http/few-roots.js";

trustFewRoots();

const CA = readFileSync(new URL("fixtures/ca.pem", import.meta.url), "utf8");

interface BadCertificate {
  readonly tls: CertificateName;
  readonly options: DeliveryOptions;
  readonly said: RegExp;
}

const TRUSTING = { caCerts: CA };

const BAD: readonly (readonly [what: string, BadCertificate])[] = [
  [
    "has expired",
    {
      tls: "expired",
      options: TRUSTING,
      said: /certificate of the server \S+:\d+ has expired.* \(CERT_HAS_EXPIRED\)/u,
    },
  ],
  [
    "is another host's",
    {
      tls: "wrong-host",
      options: TRUSTING,
      said: /another host name.*\(ERR_TLS_CERT_ALTNAME_INVALID\)/u,
    },
  ],
  [
    "nobody trusts",
    {
      tls: "good",
      options: {},
      said: /not trusted.*\(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/u,
    },
  ],
];

describeRow(23, "a certificate that is no good", () => {
  it.each(BAD)(
    "that %s is a `network_error`, reported once and not retried",
    async (_, { tls, options, said }) => {
      const server = await startFaultServer({ tls });
      const delivery = openDelivery(server, options);
      for (let sent = 0; sent < 4; sent += 1) await delivery.send("transaction");
      expect(outcomeOf(delivery.accounting())).toEqual({
        delivered: {},
        dropped: { transaction: { network_error: 4 }, span: { network_error: 12 } },
      });
      expect((await server.report()).connections.opened).toBe(4);
      expect(delivery.warnings).toEqual([expect.stringMatching(said)]);
      expect(delivery.warnings[0]).not.toContain("tried again");
      await server.until(({ connections }) => connections.open === 0);
      await expectAccounted(delivery.accounting(), server);
    },
  );

  it("loses the envelopes that are tried; the others wait, and are delivered once it is renewed", async () => {
    const server = await startFaultServer({ tls: "expired" });
    const delivery = openDelivery(server, { caCerts: CA });
    delivery.capture(100, "transaction");
    delivery.capture(10, "error");
    await waitFor(() => delivery.accounting().dropped, {
      predicate: ({ error, transaction }) =>
        error?.network_error === 10 && (transaction?.network_error ?? 0) > 0,
      timeoutMillis: 5000,
    });
    await server.close();
    const renewed = await startFaultServer({ tls: "good", port: server.port });
    expect(await delivery.flush()).toBe(true);
    const { delivered, dropped } = delivery.accounting();
    expect(delivered.transaction).toBeGreaterThan(50);
    expect(Object.keys(dropped.transaction ?? {})).toEqual(["network_error"]);
    await expectAccounted(delivery.accounting(), renewed);
  });
});

describeRow(23, "a certificate that is no good, with a spool", () => {
  it("is reported once, although nothing is lost: everything waits on the disk", async () => {
    const server = await startFaultServer({ tls: "good" });
    const directory = await spoolDirectory();
    const delivery = openDelivery(server, { spool: { directory } });
    delivery.capture(8, "error");
    await waitFor(() => namesIn(directory), {
      predicate: (names) => names.filter((name) => name.endsWith(".envelope")).length === 8,
      timeoutMillis: 10_000,
    });
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: {}, dropped: {} });
    expect(delivery.warnings).toEqual([
      expect.stringMatching(/not trusted.*`transport\.caCerts`/u),
    ]);
  });
});

describeRow(23, "a handshake that stalls", () => {
  it("ends at the connect deadline, leaks nothing, and is retried", async () => {
    const server = await startFaultServer({ tls: "good" });
    await server.script({ connections: [{ do: { kind: "never-read" } }] });
    const delivery = openDelivery(server, {
      caCerts: CA,
      connectTimeoutMillis: 300,
      maxConnections: 6,
    });
    const start = performance.now();
    delivery.capture(50, "transaction");
    await server.until(({ connections }) => connections.opened >= 8);
    expect(performance.now() - start).toBeGreaterThan(300);
    expect(heldSocketsTo(server.port).length).toBeLessThanOrEqual(6);
    expect(delivery.accounting().queued).toEqual(delivery.accounting().captured);
    await server.script({});
    const healed = await ownTime(() => server.until(({ events }) => events.unique > 0));
    // The deadline of those that stall still, and the next probe.
    expect(healed.millis).toBeLessThan(2000);
    const flushed = await ownTime(() => delivery.flush());
    expect(flushed.result).toBe(true);
    // And none is left to wait for what it had failed by before.
    expect(flushed.millis).toBeLessThan(2000);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 50, span: 150 },
      dropped: {},
    });
    expect(delivery.warnings).toEqual([
      expect.stringMatching(/timed out \(ERR_CONNECT_TIMEOUT\); the envelope is sent again/u),
    ]);
    const report = await server.report();
    expect(report.events.maxAttempts).toBe(1);
    // The server never reads the others, and so does not see that they were closed.
    expect(heldSocketsTo(server.port).length).toBeLessThanOrEqual(6);
    await expectAccounted(delivery.accounting(), report);
  });

  it("ends at the default deadline of 5 s, too", async () => {
    const server = await startFaultServer({ tls: "good" });
    await server.script({ connections: [{ nth: 1, do: { kind: "never-read" } }] });
    const delivery = openDelivery(server, { caCerts: CA });
    const start = performance.now();
    await delivery.send();
    expect(performance.now() - start).toBeGreaterThan(4900);
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 1 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server);
  });

  it.each(["rst", "fin", "garbage"] as const)("or ends by %s is tried again", async (kind) => {
    const server = await startFaultServer({ tls: "good" });
    await server.script({ connections: [{ nth: [1, 2], do: { kind } }] });
    const delivery = openDelivery(server, { caCerts: CA });
    delivery.capture(20, "transaction");
    expect(await delivery.flush()).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 20, span: 60 },
      dropped: {},
    });
    await expectAccounted(delivery.accounting(), server);
  });
});
