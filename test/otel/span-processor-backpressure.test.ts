import { ROOT_CONTEXT, SpanKind, defaultTextMapGetter } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, onTestFinished } from "vitest";

import type { BridgeClient } from "../../src/setup/bridge-client.js";
import { SentryPropagator, setClient } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { createClient } from "../../src/setup/create-client.js";
import { ClientSpanExporter } from "../../src/otel/span-exporter.js";
import { ClientSpanProcessor } from "../../src/otel/span-processor.js";
import {
  assertAccounted,
  assertSettled,
  createMemoryTransport,
} from "../../src/testing/testing.js";
import type { MemoryTransport } from "../../src/testing/testing.js";
import { DSN, contextOf } from "../client/bridge.js";

const TRACE_ID = "4c79f60c11214eb38604f4ae0781bfb2";

interface Pressed {
  readonly client: BridgeClient;
  readonly provider: BasicTracerProvider;
  readonly transport: MemoryTransport;
  /** Starts a root with a child in it and ends both. */
  readonly run: (ctx?: Context) => void;
}

/** A pipeline whose client is under a pressure that the test sets. */
function startPressed(
  pressure: { value: number },
  { options = {}, part = "processor" }: { options?: ClientOptions; part?: string } = {},
): Pressed {
  const transport = createMemoryTransport();
  const client = createClient({ dsn: DSN, transport, ...options });
  Object.assign(client.core, { pressure: { factor: () => pressure.value } });
  const processor = new ClientSpanProcessor(client, true);
  const exporter = new ClientSpanExporter(client, false);
  const provider = new BasicTracerProvider({
    spanProcessors: [part === "processor" ? processor : exportingAtEnd(exporter)],
  });
  onTestFinished(async () => {
    await client.close();
    await provider.shutdown();
    setClient(undefined);
    assertAccounted(client);
  });
  const tracer = provider.getTracer("test");
  const run = (ctx = ROOT_CONTEXT): void => {
    const root = tracer.startSpan("root", { kind: SpanKind.SERVER }, ctx);
    tracer.startSpan("child", {}, contextOf(root)).end();
    root.end();
  };
  return { client, provider, transport, run };
}

function ignore(): void {}

function exportingAtEnd(exporter: ClientSpanExporter): SpanProcessor {
  return {
    onStart: ignore,
    onEnd: (span) => exporter.export([span], ignore),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

function incoming(baggage: string): Context {
  const headers = { "sentry-trace": `${TRACE_ID}-b01b9f6349558cd1-1`, baggage };
  return new SentryPropagator().extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
}

const BAGGAGE = `sentry-trace_id=${TRACE_ID},sentry-public_key=k`;

describe.each(["processor", "exporter"])("under pressure, behind the %s", (part) => {
  it("what the rate had kept is lost to `backpressure`, with all of its spans", async () => {
    const { client, run } = startPressed({ value: 10 }, { part });
    for (let count = 0; count < 100; count++) run();
    await client.flush();
    assertSettled(client);
    const { spans, transactions } = client.stats();
    const lost = transactions.dropped.backpressure ?? 0;
    expect(lost).toBeGreaterThan(90);
    expect(transactions).toMatchObject({ sent: 100 - lost, dropped: { backpressure: lost } });
    expect(spans).toMatchObject({
      started: 200,
      sent: 200 - 2 * lost,
      dropped: { backpressure: 2 * lost },
    });
  });

  it("what the rate had not kept is not", async () => {
    const options = { tracesSampleRate: 0 };
    const { client, run } = startPressed({ value: 3 }, { part, options });
    run();
    await client.flush();
    expect(client.stats().spans.dropped).toEqual({ sample_rate: 2 });
  });
});

describe("under pressure", () => {
  it("the lowered rate is sent with the traces that are kept", async () => {
    const { client, run, transport } = startPressed({ value: 2 });
    for (let count = 0; count < 100; count++) run();
    await client.flush();
    expect(transport.envelopes.length).toBeGreaterThan(0);
    for (const { header } of transport.envelopes) {
      const trace = header["trace"] as Record<string, string>;
      expect(trace).toMatchObject({ sample_rate: "0.25", sampled: "true" });
      expect(Number(trace["sample_rand"])).toBeLessThan(0.25);
    }
    for (const { contexts } of transport.transactions())
      expect(contexts.trace?.data).toMatchObject({ "sentry.sample_rate": 0.25 });
  });

  it("a sampler's decision is halved as the rate is", async () => {
    const { client, run } = startPressed({ value: 10 }, { options: { tracesSampler: () => true } });
    for (let count = 0; count < 50; count++) run();
    await client.flush();
    expect(client.stats().transactions.dropped.backpressure).toBeGreaterThan(40);
  });

  it.each([
    ["0.49", { sent: 1, dropped: {} }],
    ["0.5", { sent: 0, dropped: { backpressure: 1 } }],
  ])("a sender's sampled trace with the rand %s is decided, too", async (rand, expected) => {
    const { client, run } = startPressed({ value: 1 });
    run(incoming(`${BAGGAGE},sentry-sample_rate=1,sentry-sample_rand=${rand}`));
    await client.flush();
    expect(client.stats().transactions).toMatchObject(expected);
  });

  it("a sender's lower rate is left as it is", async () => {
    const { client, run, transport } = startPressed({ value: 1 });
    run(incoming(`${BAGGAGE},sentry-sample_rate=0.2,sentry-sample_rand=0.1`));
    await client.flush();
    expect(transport.envelopes[0]?.header["trace"]).toMatchObject({ sample_rate: "0.2" });
  });

  it("a sender's higher rate is replaced by the one that holds", async () => {
    const { client, run, transport } = startPressed({ value: 1 });
    run(incoming(`${BAGGAGE},sentry-sample_rate=0.9,sentry-sample_rand=0.1`));
    await client.flush();
    expect(transport.envelopes[0]?.header["trace"]).toMatchObject({ sample_rate: "0.5" });
  });

  it("each root is decided by the pressure at its start", async () => {
    const pressure = { value: 10 };
    const { client, run } = startPressed(pressure);
    for (let count = 0; count < 50; count++) run();
    pressure.value = 0;
    const before = client.stats().transactions.dropped.backpressure;
    for (let count = 0; count < 50; count++) run();
    await client.flush();
    expect(client.stats().transactions.dropped.backpressure).toBe(before);
  });
});
