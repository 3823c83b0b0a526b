import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { BufferConfig } from "@opentelemetry/sdk-trace-base";
import type { Span, Tracer } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";

import { SentrySpanExporter, createClient, setClient } from "../../src/index.js";
import type { SentryClient } from "../../src/index.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { assertSettled, startIngestServer } from "../../src/testing/testing.js";
import { contextOf } from "../client/bridge.js";
import { expectValidTransactions } from "../protocol/transaction-rules.js";
import { idsOf, reasonOf } from "./span-exporter-kit.js";

interface Pipeline {
  readonly server: IngestServer;
  readonly client: SentryClient;
  readonly provider: BasicTracerProvider;
  readonly tracer: Tracer;
}

/** A batch processor of the SDK with the exporter behind it, and a server of its own. */
async function startPipeline(config: BufferConfig = {}): Promise<Pipeline> {
  const server = await startIngestServer();
  setClient(undefined);
  const client = createClient({ dsn: server.dsn, shutdownTimeoutMillis: 10_000 });
  const exporter = new SentrySpanExporter(client);
  const provider = new BasicTracerProvider({
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 20_000, ...config })],
  });
  onTestFinished(async () => {
    await provider.shutdown();
    await client.close();
    await server.close();
    setClient(undefined);
    assertSettled(client);
    expect(server.refusals).toEqual([]);
  });
  return { server, client, provider, tracer: provider.getTracer("test") };
}

function family(tracer: Tracer, children: number): Span {
  const root = tracer.startSpan("root");
  for (let i = 0; i < children; i++) tracer.startSpan("child", {}, contextOf(root)).end();
  root.end();
  return root;
}

describe("behind a BatchSpanProcessor, over HTTP,", () => {
  it("all spans arrive in batches of any size, roots with their children", async () => {
    const { server, provider, tracer } = await startPipeline({ maxExportBatchSize: 7 });
    for (let i = 0; i < 20; i++) family(tracer, 10);
    await provider.shutdown();
    const transactions = server.transactions();
    expect(transactions.map(({ spans }) => spans.length)).toEqual(Array(20).fill(10));
    expectValidTransactions(server.envelopes);
  });

  it("5,000 children of one root arrive, none above 1,000 per transaction", async () => {
    const { server, client, provider, tracer } = await startPipeline();
    family(tracer, 5000);
    await provider.shutdown();
    const transactions = server.transactions();
    expect(idsOf(transactions)).toHaveLength(5001);
    expect(new Set(idsOf(transactions)).size).toBe(5001);
    for (const { spans } of transactions) expect(spans.length).toBeLessThanOrEqual(1000);
    expectValidTransactions(server.envelopes);
    expect(client.stats().spans).toMatchObject({ started: 5001, sent: 5001, dropped: {} });
  });

  it("the timer of the processor suffices: nobody needs to flush", async () => {
    const { server, tracer } = await startPipeline({ scheduledDelayMillis: 10 });
    family(tracer, 3);
    await server.waitFor(({ requests }) => requests === 1, 10_000);
    expect(server.transactions()).toMatchObject([{ spans: [{}, {}, {}] }]);
  });

  it("children that come in a batch after their root go when the provider is shut down", async () => {
    const { server, provider, tracer } = await startPipeline();
    const root = tracer.startSpan("root");
    const child = tracer.startSpan("late child", {}, contextOf(root));
    root.end();
    await provider.forceFlush();
    child.end();
    await provider.shutdown();
    expect(server.transactions().map(reasonOf)).toEqual([undefined, "orphan"]);
    expectValidTransactions(server.envelopes);
  });

  it("what a server with a rate limit refuses is counted", async () => {
    const { server, client, provider, tracer } = await startPipeline();
    server.respondWith({ status: 429, headers: { "retry-after": "60" } });
    family(tracer, 5);
    family(tracer, 5);
    await provider.shutdown();
    expect(server.transactions()).toEqual([]);
    const { started, sent, dropped } = client.stats().spans;
    expect({ started, sent }).toEqual({ started: 12, sent: 0 });
    expect(Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(12);
  });
});
