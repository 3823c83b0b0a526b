import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { onTestFinished, describe, expect, it } from "vitest";

import { SentrySpanProcessor, captureException, getClient, setClient } from "../../src/index.js";
import {
  assertSettled,
  createMemoryTransport,
  startIngestServer,
} from "../../src/testing/testing.js";
import { DSN, startBridge } from "../client/bridge.js";
import { ownTime } from "../time/measure.js";

describe("forceFlush", () => {
  it("resolves when the server has all that had ended", async () => {
    const server = await startIngestServer();
    server.respondWith(() => ({ delayMillis: 50 }));
    const bridge = startBridge({ dsn: server.dsn, transport: {} });
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    await bridge.processor.forceFlush();
    expect(server.transactions()).toHaveLength(1);
    expect(bridge.client.stats().spans).toMatchObject({ sent: 2, queued: 0 });
    await bridge.client.close();
    await server.close();
  });

  it("does not wait longer than the client may take", async () => {
    const bridge = startBridge({ shutdownTimeoutMillis: 50, transport: neverAnswering() });
    bridge.tracer.startSpan("root").end();
    const { millis } = await ownTime(() => bridge.provider.forceFlush());
    expect(millis).toBeLessThan(1000);
  });

  it("with nothing to send is done at once", async () => {
    const bridge = startBridge();
    await expect(bridge.processor.forceFlush()).resolves.toBeUndefined();
    expect(bridge.transport.envelopes).toEqual([]);
  });
});

function neverAnswering(): ReturnType<typeof createMemoryTransport> {
  return createMemoryTransport({ respond: () => new Promise(() => {}) });
}

describe("shutdown", () => {
  it("sends all that has ended, also of roots that are open", async () => {
    const bridge = startBridge();
    const done = bridge.tracer.startSpan("done");
    const straggler = bridge.child(done, "straggler");
    done.end();
    const open = bridge.tracer.startSpan("open");
    bridge.child(open, "ended").end();
    await bridge.provider.shutdown();
    expect(bridge.transport.transactions().map(({ transaction }) => transaction)).toEqual([
      "done",
      "ended",
    ]);
    straggler.end();
    open.end();
    expect(bridge.client.stats().spans).toMatchObject({
      started: 4,
      sent: 2,
      dropped: { closed: 2 },
      open: 0,
    });
    expect(bridge.client.stats().transactions.dropped).toEqual({ closed: 1 });
  });

  it("twice, and at the same time, is one shutdown", async () => {
    const bridge = startBridge();
    bridge.tracer.startSpan("root").end();
    const [first, second] = [bridge.processor.shutdown(), bridge.processor.shutdown()];
    await Promise.all([first, second, bridge.processor.forceFlush()]);
    await bridge.processor.shutdown();
    expect(bridge.transport.transactions()).toHaveLength(1);
  });

  it("leaves nothing for a span that starts after it", async () => {
    const bridge = startBridge();
    await bridge.processor.shutdown();
    const root = bridge.tracer.startSpan("after");
    expect(() => bridge.child(root).end()).not.toThrow();
    root.end();
    expect(await bridge.flushed()).toEqual([]);
    expect(bridge.client.stats().spans).toMatchObject({ sent: 0, open: 0, buffered: 0 });
  });

  it("does not close a client that is the application's", async () => {
    const bridge = startBridge();
    await bridge.processor.shutdown();
    const other = new SentrySpanProcessor(bridge.client);
    const provider = new BasicTracerProvider({ spanProcessors: [other] });
    provider.getTracer("other").startSpan("still sent").end();
    await provider.shutdown();
    expect(bridge.transport.transactions()).toMatchObject([{ transaction: "still sent" }]);
  });

  it("closes a client that the processor made itself", async () => {
    setClient(undefined);
    const transport = createMemoryTransport();
    const provider = new BasicTracerProvider({
      spanProcessors: [new SentrySpanProcessor({ dsn: DSN, transport })],
    });
    const client = getClient();
    onTestFinished(() => setClient(undefined));
    provider.getTracer("own").startSpan("root").end();
    await provider.shutdown();
    expect(transport.transactions()).toHaveLength(1);
    captureException(new Error("after the shutdown"));
    expect(client?.stats().errors.dropped).toEqual({ closed: 1 });
    if (client !== undefined) assertSettled(client);
  });

  it("counts what the server never took as closed", async () => {
    const bridge = startBridge({ shutdownTimeoutMillis: 20, transport: neverAnswering() });
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    await bridge.client.close();
    expect(bridge.client.stats().spans).toMatchObject({
      sent: 0,
      queued: 0,
      dropped: { closed: 2 },
    });
  });
});

describe("a client that is closed", () => {
  it("takes nothing more, counts it, and nothing throws", async () => {
    const bridge = startBridge();
    const open = bridge.tracer.startSpan("open");
    await bridge.client.close();
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    open.end();
    await bridge.client.flush();
    expect(bridge.transport.envelopes).toEqual([]);
    expect(bridge.client.stats().spans).toMatchObject({
      started: 3,
      sent: 0,
      dropped: { closed: 3 },
    });
    await expect(bridge.client.close()).resolves.toBe(true);
  });
});
