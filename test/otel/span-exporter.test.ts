import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, onTestFinished } from "vitest";

import { SentrySpanExporter, getClient, setClient } from "../../src/index.js";
import type { ExportOutcome } from "../../src/otel/span-exporter.js";
import { assertSettled, createMemoryTransport } from "../../src/testing/testing.js";
import { DSN } from "../client/bridge.js";
import type { FinishedSpan } from "../../src/trace/span.js";
import { ownTime } from "../time/measure.js";
import { idOf, spanOf } from "../spans/hand-made-span.js";
import { throwing } from "./propagation-kit.js";
import { childOf, idsOf, startExporter } from "./span-exporter-kit.js";

function never(): Promise<never> {
  return new Promise(() => {});
}

async function millisOf(run: () => Promise<unknown>): Promise<number> {
  return (await ownTime(run)).millis;
}

describe("a span exporter (OTel 2.2)", () => {
  it("E1: has export, shutdown and forceFlush, and sends what it is given", async () => {
    const bench = startExporter();
    const root = spanOf({ name: "root" });
    expect(bench.export(childOf(root), root)).toEqual({ code: 0 });
    expect(await bench.flushed()).toMatchObject([
      { transaction: "root", spans: [{ description: "child" }] },
    ]);
    await expect(bench.exporter.shutdown()).resolves.toBeUndefined();
  });

  it("E2: takes an export while another, a flush and a shutdown are running", async () => {
    const bench = startExporter();
    const roots = Array.from({ length: 50 }, () => spanOf());
    const flushes = roots.map((root) => {
      bench.export(childOf(root), root);
      return bench.exporter.forceFlush();
    });
    const inner = spanOf();
    const outcomes: ExportOutcome[] = [];
    bench.exporter.export([spanOf()], (outcome) => {
      outcomes.push(outcome, bench.export(inner));
    });
    await Promise.all([...flushes, bench.exporter.shutdown()]);
    expect(outcomes).toEqual([{ code: 0 }, { code: 0 }]);
    expect(idsOf(bench.transport.transactions())).toHaveLength(102);
  });

  it("E3: an export does not wait for a server that does not answer", () => {
    const bench = startExporter({ shutdownTimeoutMillis: 20 }, { respond: never });
    expect(bench.export(spanOf())).toEqual({ code: 0 });
  });

  it("E4: an export fails after shutdown, without throwing, and sends nothing", async () => {
    const bench = startExporter();
    await bench.exporter.shutdown();
    const outcome = bench.export(spanOf());
    expect(outcome.code).toBe(1);
    expect(outcome.error).toBeInstanceOf(Error);
    expect(await bench.flushed()).toEqual([]);
    expect(bench.client.stats().spans.started).toBe(0);
  });

  it("E4: an export fails from the moment in which shutdown is called", async () => {
    const bench = startExporter();
    const closing = bench.exporter.shutdown();
    expect(bench.export(spanOf()).code).toBe(1);
    await closing;
  });

  it.each<[string, unknown[]]>([
    ["no spans", []],
    ["a root", [spanOf()]],
    ["a span without its root", [childOf(spanOf())]],
    ["what is no span", [undefined, null, 5, {}]],
    ["what throws", [new Proxy({}, { get: throwing })]],
  ])("E5: calls back exactly once, and never throws, for %s", (_, spans) => {
    const bench = startExporter({}, { known: spans as FinishedSpan[] });
    let calls = 0;
    expect(() => bench.exporter.export(spans as never, () => void calls++)).not.toThrow();
    expect(calls).toBe(1);
  });

  it("E5: does not throw what the callback throws", async () => {
    const bench = startExporter();
    expect(() => bench.exporter.export([spanOf()], throwing)).not.toThrow();
    await bench.exporter.shutdown();
    expect(() => bench.exporter.export([spanOf()], throwing)).not.toThrow();
    expect(bench.transport.transactions()).toHaveLength(1);
  });

  it("E6: forceFlush and shutdown are bounded", async () => {
    const bench = startExporter({ shutdownTimeoutMillis: 50 }, { respond: never });
    bench.export(spanOf(), childOf(spanOf()));
    expect(await millisOf(() => bench.exporter.forceFlush())).toBeLessThan(1000);
    expect(await millisOf(() => bench.exporter.shutdown())).toBeLessThan(1000);
  });

  it("E6: forceFlush and shutdown may be called at the same time, and again", async () => {
    const bench = startExporter();
    const child = childOf(spanOf());
    bench.export(child);
    const { exporter } = bench;
    await Promise.all([exporter.forceFlush(), exporter.shutdown(), exporter.shutdown()]);
    await Promise.all([exporter.forceFlush(), exporter.shutdown()]);
    expect(idsOf(bench.transport.transactions())).toEqual([idOf(child)]);
  });

  it("E6: forceFlush resolves when the server has all, also what waits for its root", async () => {
    const bench = startExporter();
    bench.export(childOf(spanOf()), spanOf());
    await bench.exporter.forceFlush();
    expect(bench.client.stats().spans).toMatchObject({ sent: 2, queued: 0, buffered: 0 });
  });

  it("E7: success means sent or counted, also when the server refuses", async () => {
    const limits = { rateLimits: undefined, retryAfter: undefined };
    const bench = startExporter(
      {},
      { respond: () => ({ outcome: "rejected", statusCode: 400, limits }) },
    );
    const root = spanOf();
    expect(bench.export(childOf(root), root)).toEqual({ code: 0 });
    await bench.exporter.forceFlush();
    expect(bench.client.stats().spans).toMatchObject({ started: 2, dropped: { send_error: 2 } });
  });

  it("E8: is called by a batch processor's flush with all batches at once", async () => {
    const bench = startExporter();
    const provider = new BasicTracerProvider({
      spanProcessors: [
        new BatchSpanProcessor(bench.exporter, { maxExportBatchSize: 10, maxQueueSize: 1000 }),
      ],
    });
    const tracer = provider.getTracer("test");
    for (let i = 0; i < 100; i++) tracer.startSpan("root").end();
    await Promise.all([provider.forceFlush(), provider.forceFlush()]);
    await bench.exporter.forceFlush();
    expect(bench.transport.transactions()).toHaveLength(100);
    await provider.shutdown();
  });
});

describe("the client of an exporter", () => {
  it("is closed by shutdown when the exporter made it", async () => {
    setClient(undefined);
    onTestFinished(() => setClient(undefined));
    const transport = createMemoryTransport();
    const exporter = new SentrySpanExporter({ dsn: DSN, transport });
    const client = getClient();
    exporter.export([childOf(spanOf())], () => {});
    await exporter.shutdown();
    expect(transport.transactions()).toHaveLength(1);
    expect(client?.isClosed).toBe(true);
    if (client !== undefined) assertSettled(client);
  });

  it("stays open when it is the application's", async () => {
    const bench = startExporter();
    await bench.exporter.shutdown();
    expect(bench.client.isClosed).toBe(false);
    new SentrySpanExporter(bench.client).export([spanOf()], () => {});
    await bench.client.flush();
    expect(bench.transport.transactions()).toHaveLength(1);
  });

  it("that was closed takes nothing more: what comes is counted", async () => {
    const bench = startExporter();
    await bench.client.close();
    const root = spanOf();
    bench.export(childOf(root), root);
    bench.export(childOf(root));
    expect(await bench.flushed()).toEqual([]);
    expect(bench.client.stats().spans).toMatchObject({ started: 3, dropped: { closed: 3 } });
  });

  it("counts what an exporter holds", () => {
    const bench = startExporter();
    bench.export(childOf(spanOf()));
    expect(bench.client.stats().spans).toMatchObject({ started: 1, open: 0, buffered: 1 });
  });
});
