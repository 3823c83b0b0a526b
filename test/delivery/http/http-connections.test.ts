import { AsyncLocalStorage } from "node:async_hooks";
import diagnosticsChannel from "node:diagnostics_channel";

import { describe, expect, it, onTestFinished } from "vitest";

import { DiscardLedger } from "../../../src/client-reports/ledger.js";
import { createEnvelopeSender } from "../../../src/delivery/envelope-sender.js";
import { openHttp } from "./http-support.js";
import { times } from "../in-sequence.js";
import { envelopeOf, recordingDiagnostics } from "../support.js";
import type { Timers } from "../../../src/support/time.js";
import { systemTimers } from "../../../src/support/time.js";

describe("connections", () => {
  it("are reused: 500 envelopes need no more than the maximum", async () => {
    const { server, transport } = await openHttp({ maxConnections: 4 });
    await Promise.all(Array.from({ length: 500 }, () => transport.send(envelopeOf())));
    expect(server.envelopes).toHaveLength(500);
    expect(server.connections).toBeLessThanOrEqual(4);
  });

  // Otherwise a busy process would send one envelope in two turns of its event loop over each.
  it("carry the next envelope in the turn that reads a response, once the server has kept one", async () => {
    const delayed: number[] = [];
    let sent = 0;
    const timers: Timers = {
      ...systemTimers,
      soon(run) {
        delayed.push(sent);
        systemTimers.soon(run);
      },
    };
    const { server, transport } = await openHttp({ timers, maxConnections: 1 });
    await new Promise<void>((resolve, threw) => {
      const settled = (): void => {
        sent += 1;
        if (sent === 40) resolve();
        else transport.deliver(envelopeOf(), { settled, threw });
      };
      transport.deliver(envelopeOf(), { settled, threw });
    });
    expect([server.envelopes.length, server.connections]).toEqual([40, 1]);
    // The first six requests find out whether the server closes the connection without announcing it.
    expect(delayed).toEqual([1, 2, 3, 4, 5]);
  });

  it("are opened only as concurrent sends need them", async () => {
    const { server, transport } = await openHttp({ maxConnections: 64 });
    await times(20, () => transport.send(envelopeOf()));
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it("are idle for less than the server keeps them", async () => {
    const { server, transport } = await openHttp({ idleTimeoutMillis: 30 });
    await transport.send(envelopeOf());
    await new Promise((resolve) => setTimeout(resolve, 200));
    await transport.send(envelopeOf());
    expect(server.connections).toBe(2);
  });

  it("are not opened in the async context of the caller", async () => {
    const unit = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const look = (): void => void seen.push(unit.getStore());
    diagnosticsChannel.subscribe("net.client.socket", look);
    onTestFinished(() => void diagnosticsChannel.unsubscribe("net.client.socket", look));
    const { server, transport } = await openHttp({
      maxConnections: 1,
      gzipThresholdBytes: 1000,
      onRefusalText: look,
    });
    server.respondWith({ status: 400 });
    const sender = createEnvelopeSender({
      transport,
      recorder: new DiscardLedger(),
      diagnostics: recordingDiagnostics().diagnostics,
      runDetached: (run) => unit.exit(run),
    });
    await unit.run("a request", async () => {
      sender.enqueue(envelopeOf());
      sender.enqueue(envelopeOf("error", { payloadBytes: 5000 }));
      await sender.flush(5000);
    });
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });
});

describe("close", () => {
  it("ends what is in flight as retryable", async () => {
    const { server, transport } = await openHttp({ maxConnections: 2 });
    server.respondWith("stall");
    const sends = Array.from({ length: 5 }, () => transport.send(envelopeOf()));
    await server.waitFor(({ requests }) => requests === 2, 5000);
    await transport.close();
    for (const result of await Promise.all(sends)) expect(result.outcome).toBe("retryable");
  });

  it("ends a first send that has not reached the network yet", async () => {
    const { server, transport } = await openHttp();
    const sends = [
      transport.send(envelopeOf()),
      transport.send(envelopeOf("error", { payloadBytes: 100_000 })),
    ];
    await transport.close();
    for (const result of await Promise.all(sends)) expect(result.outcome).toBe("retryable");
    expect(server.requests).toBe(0);
  });
});
