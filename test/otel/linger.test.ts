import { ROOT_CONTEXT } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { onTestFinished, describe, expect, it } from "vitest";

import { captureException, setTag, withIsolationScope } from "../../src/index.js";
import type { HttpOptions } from "../../src/index.js";
import { startIngestServer } from "../../src/testing/testing.js";
import type { IngestServer } from "../../src/testing/testing.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";

// Longer than a test may take: what arrives has not waited for the end of it.
const LONG = 600_000;

interface Linger {
  readonly server: IngestServer;
  readonly bridge: Bridge;
}

async function startLinger(
  transport: HttpOptions,
  options: { readonly maxBufferedBytes?: number } = {},
): Promise<Linger> {
  const server = await startIngestServer();
  const bridge = startBridge({ ...options, dsn: server.dsn, transport });
  onTestFinished(async () => {
    await bridge.client.close();
    await server.close();
  });
  return { server, bridge };
}

describe("transactions", () => {
  it("wait for each other, and leave together when the first has waited", async () => {
    const { server, bridge } = await startLinger({ lingerMillis: 100 });
    const start = performance.now();
    bridge.tracer.startSpan("first").end();
    bridge.tracer.startSpan("second").end();
    expect(bridge.client.stats().spans).toMatchObject({ buffered: 2, sent: 0 });
    await server.waitFor(() => server.transactions().length === 2, 5000);
    expect(performance.now() - start).toBeGreaterThan(90);
    expect(bridge.client.stats().spans.buffered).toBe(0);
  });

  it("leave as soon as sixteen wait", async () => {
    const { server, bridge } = await startLinger({ lingerMillis: LONG });
    for (let index = 0; index < 16; index++) bridge.tracer.startSpan(`root ${index}`).end();
    await server.waitFor(() => server.transactions().length === 16, 5000);
    expect(server.transactions()).toHaveLength(16);
  });

  it("do not wait when the provider is flushed", async () => {
    const { server, bridge } = await startLinger({ lingerMillis: LONG });
    bridge.tracer.startSpan("root").end();
    await bridge.provider.forceFlush();
    expect(server.transactions()).toHaveLength(1);
  });

  it("do not wait with a `lingerMillis` of 0", async () => {
    const { bridge } = await startLinger({ lingerMillis: 0 });
    bridge.tracer.startSpan("root").end();
    expect(bridge.client.stats().spans).toMatchObject({ buffered: 0, queued: 1 });
  });

  it("have the tags that their scope had when they ended", async () => {
    const { server, bridge } = await startLinger({ lingerMillis: LONG });
    withIsolationScope(() => {
      const root = bridge.tracer.startSpan("root");
      setTag("when", "before the end");
      root.end();
      setTag("when", "after the end");
    });
    await bridge.provider.forceFlush();
    expect(server.transactions()[0]?.tags).toMatchObject({ when: "before the end" });
  });

  it("are sent early if they take much memory, and none is lost", async () => {
    const { server, bridge } = await startLinger(
      { lingerMillis: LONG },
      { maxBufferedBytes: 100_000 },
    );
    for (let index = 0; index < 10; index++) {
      bridge.tracer.startSpan(`root ${index}`, { attributes: { text: "x".repeat(8000) } }).end();
      expect(bridge.client.stats().bufferedBytes).toBeLessThan(100_000);
    }
    await bridge.provider.forceFlush();
    expect(server.transactions()).toHaveLength(10);
  });
});

describe("a hook", () => {
  it("may end another root: that is sent by the same flush", async () => {
    const server = await startIngestServer();
    const other: Span[] = [];
    const bridge = startBridge({
      dsn: server.dsn,
      transport: { lingerMillis: LONG },
      // A busy machine does not send 65 requests within the default.
      shutdownTimeoutMillis: 60_000,
      beforeSendTransaction: (event) => {
        expect(bridge.client.stats().spans.buffered).toBeGreaterThanOrEqual(0);
        other.pop()?.end();
        return event;
      },
    });
    onTestFinished(async () => {
      await bridge.client.close();
      await server.close();
    });
    other.push(bridge.tracer.startSpan("other", {}, ROOT_CONTEXT));
    for (let index = 0; index < 64; index++) bridge.tracer.startSpan("root").end();
    await bridge.provider.forceFlush();
    expect(server.transactions()).toHaveLength(65);
  });
});

describe("an error", () => {
  it("does not wait for the transactions that do", async () => {
    const { server, bridge } = await startLinger({ lingerMillis: LONG });
    bridge.tracer.startSpan("root").end();
    captureException(new Error("at once"));
    await server.waitFor(() => server.errors().length === 1, 5000);
    expect(server.errors()).toHaveLength(1);
    expect(server.transactions()).toEqual([]);
  });
});
