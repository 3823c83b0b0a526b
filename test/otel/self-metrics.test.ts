import { metrics } from "@opentelemetry/api";
import type { MeterProvider as ApiMeterProvider } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { attachSelfMetrics } from "../../src/otel/self-metrics.js";
import type {
  MeasuredClient,
  SelfMetrics,
  SelfMetricsSettings,
} from "../../src/otel/self-metrics.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { DSN, startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";
import { startReader } from "./metric-reader.js";

function attach(client: MeasuredClient, settings?: SelfMetricsSettings): SelfMetrics {
  const attached = attachSelfMetrics(client, settings);
  onTestFinished(() => attached.detach());
  return attached;
}

const PROCESSED = "otel.sdk.processor.span.processed";
const QUEUE_SIZE = "otel.sdk.processor.span.queue.size";
const INFLIGHT = "otel.sdk.exporter.span.inflight";
const EXPORTED = "otel.sdk.exporter.span.exported";
const DURATION = "otel.sdk.exporter.operation.duration";

beforeEach(() => metrics.disable());
afterEach(() => metrics.disable());

describe("the metrics of a client", () => {
  it("have the names, kinds and units of the conventions", async () => {
    const { provider, collect } = startReader();
    const { client } = startBridge();
    const attached = attach(client.core, { provider, version: "1.2.3" });
    attached.recordOperation({ millis: 20 });
    const read = await collect();
    expect(read.map((metric) => ({ ...metric, points: undefined }))).toMatchObject([
      { name: PROCESSED, unit: "{span}", type: "SUM", isMonotonic: true },
      { name: QUEUE_SIZE, unit: "{span}", type: "SUM", isMonotonic: false },
      { name: INFLIGHT, unit: "{span}", type: "SUM", isMonotonic: false },
      { name: EXPORTED, unit: "{span}", type: "SUM", isMonotonic: true },
      { name: DURATION, unit: "s", type: "HISTOGRAM", isMonotonic: undefined },
    ]);
    for (const { points } of read)
      expect(points).toMatchObject([
        {
          attributes: {
            "otel.component.type": "SentryClient",
            "otel.component.name": expect.stringMatching(/^SentryClient\/\d+$/u),
          },
        },
      ]);
  });

  it("say where the spans are", async () => {
    const { provider, value } = startReader();
    const bridge = startBridge();
    attach(bridge.client.core, { provider });
    const all = async (): Promise<unknown[]> =>
      Promise.all([PROCESSED, QUEUE_SIZE, INFLIGHT, EXPORTED].map((name) => value(name)));
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    expect(await all()).toEqual([0, 1, 0, 0]);
    root.end();
    expect(await value(PROCESSED)).toBe(2);
    await bridge.client.flush();
    expect(await all()).toEqual([2, 0, 0, 2]);
  });

  it("count what is queued as in flight", async () => {
    const { provider, value } = startReader();
    let answer: (() => void) | undefined;
    const transport = createMemoryTransport({
      respond: () =>
        new Promise((resolve) => {
          answer = () =>
            resolve({
              outcome: "delivered",
              statusCode: 200,
              limits: { rateLimits: undefined, retryAfter: undefined },
            });
        }),
    });
    const bridge = startBridge({ transport });
    attach(bridge.client.core, { provider });
    bridge.tracer.startSpan("root").end();
    const flush = bridge.client.flush();
    await vi.waitFor(() => expect(answer).toBeDefined(), 20_000);
    expect(await value(INFLIGHT)).toBe(1);
    expect(await value(EXPORTED)).toBe(0);
    answer?.();
    await flush;
    expect(await value(INFLIGHT)).toBe(0);
    expect(await value(EXPORTED)).toBe(1);
  });

  it("name what failed, and hold what the application wanted for none", async () => {
    const { provider, value, collect } = startReader();
    const transport = createMemoryTransport({
      respond: () => ({ outcome: "retryable", error: new Error("reset") }),
    });
    const bridge = startBridge({
      transport,
      ignoreSpans: ["ignored"],
      tracesSampler: ({ name }) => name !== "refused",
      beforeSendTransaction: (event) => (event.transaction === "hooked" ? null : event),
    });
    attach(bridge.client.core, { provider });
    for (const name of ["ignored", "refused", "hooked", "lost"])
      bridge.tracer.startSpan(name).end();
    await bridge.client.flush();
    await bridge.processor.shutdown();
    expect(await value(PROCESSED)).toBe(4);
    expect(await value(EXPORTED)).toBe(0);
    expect(await value(EXPORTED, { "error.type": "network_error" })).toBe(1);
    const read = await collect();
    expect(read.find(({ name }) => name === PROCESSED)?.points).toHaveLength(1);
    expect(read.find(({ name }) => name === EXPORTED)?.points).toHaveLength(2);
  });

  it("call what ends after the shutdown `already_shutdown`", async () => {
    const { provider, value } = startReader();
    const bridge = startBridge();
    attach(bridge.client.core, { provider });
    const span = bridge.tracer.startSpan("late");
    await bridge.processor.shutdown();
    span.end();
    expect(await value(PROCESSED, { "error.type": "already_shutdown" })).toBe(1);
    expect(await value(PROCESSED)).toBe(0);
    expect(await value(EXPORTED)).toBe(0);
  });

  it.each([
    ["a DSN", {}, { "server.address": "o7.ingest.example.com", "server.port": 443 }],
    [
      "a DSN with a port",
      { dsn: "http://key@[::1]:9000/1" },
      { "server.address": "::1", "server.port": 9000 },
    ],
    [
      "a tunnel",
      { tunnel: "http://relay.example.com/t?a=b" },
      { "server.address": "relay.example.com", "server.port": 80 },
    ],
  ])("name the server of %s where something is exported", async (_, changes, server) => {
    const { provider, value } = startReader();
    const { client } = startBridge();
    const settings = { ...client.core.settings, dsn: DSN, transport: {}, ...changes };
    const measured: MeasuredClient = {
      settings,
      diagnostics: client.core.diagnostics,
      stats: () => client.stats(),
    };
    const attached = attach(measured, { provider });
    attached.recordOperation({ millis: 1 });
    expect(await value(EXPORTED, server)).toBe(0);
    expect(await value(INFLIGHT, server)).toBe(0);
    expect(await value(DURATION, server)).toMatchObject({ count: 1 });
    expect(await value(PROCESSED)).toBe(0);
  });

  it("of two clients have different component names", async () => {
    const { provider, collect } = startReader();
    const one = startBridge();
    attach(one.client.core, { provider });
    const two = startBridge();
    attach(two.client.core, { provider });
    one.tracer.startSpan("root").end();
    const processed = (await collect()).find(({ name }) => name === PROCESSED);
    expect(processed?.points.map((point) => point.value)).toEqual([1, 0]);
    const names = processed?.points.map((point) => JSON.stringify(point.attributes));
    expect(new Set(names).size).toBe(2);
  });

  it("have the duration of a delivery in seconds, by its outcome", async () => {
    const { provider, value } = startReader();
    const { client } = startBridge();
    const attached = attach(client.core, { provider });
    attached.recordOperation({ millis: 250, statusCode: 200 });
    attached.recordOperation({ millis: 1500, errorType: "send_error", statusCode: 400 });
    attached.recordOperation({ millis: 2000, errorType: "network_error" });
    expect(await value(DURATION, { "http.response.status_code": 200 })).toMatchObject({
      count: 1,
      sum: 0.25,
    });
    const failed = { "error.type": "send_error", "http.response.status_code": 400 };
    expect(await value(DURATION, failed)).toMatchObject({ sum: 1.5 });
    expect(await value(DURATION, { "error.type": "network_error" })).toMatchObject({ sum: 2 });
  });
});

describe("without a meter provider", () => {
  it("nothing is read, and one that is registered later is found by looking again", async () => {
    const { provider, value } = startReader();
    const { client, tracer } = startBridge();
    const stats = vi.spyOn(client, "stats");
    const attached = attach(client.core);
    tracer.startSpan("before").end();
    attached.check();
    attached.recordOperation({ millis: 1 });
    metrics.setGlobalMeterProvider(provider);
    expect(await value(PROCESSED)).toBeUndefined();
    expect(stats).not.toHaveBeenCalled();
    attached.check();
    expect(await value(PROCESSED)).toBe(1);
    stats.mockRestore();
  });

  it("no callback stays with the previous provider when another replaces it", async () => {
    const one = startReader();
    const two = startReader();
    const { client } = startBridge();
    metrics.setGlobalMeterProvider(one.provider);
    const attached = attach(client.core);
    expect(await one.value(PROCESSED)).toBe(0);
    metrics.disable();
    metrics.setGlobalMeterProvider(two.provider);
    attached.check();
    const stats = vi.spyOn(client, "stats");
    await one.collect();
    expect(stats).not.toHaveBeenCalled();
    expect(await two.value(PROCESSED)).toBe(0);
    stats.mockRestore();
  });

  it("a look asks for nothing but the provider, and for its meter once", () => {
    const { provider } = startReader();
    const getMeter = vi.spyOn(provider, "getMeter");
    metrics.setGlobalMeterProvider(provider);
    const { client } = startBridge();
    getMeter.mockClear();
    const attached = attach(client.core);
    for (let look = 0; look < 100; look++) attached.check();
    expect(getMeter).toHaveBeenCalledTimes(1);
  });
});

describe("after the end", () => {
  it("the counts are read no more, also where a provider comes later", async () => {
    const { provider, value } = startReader();
    const { client } = startBridge();
    const attached = attach(client.core, { provider });
    const late = attach(client.core);
    attached.detach();
    attached.detach();
    late.detach();
    metrics.setGlobalMeterProvider(provider);
    late.check();
    attached.check();
    late.recordOperation({ millis: 1 });
    const stats = vi.spyOn(client, "stats");
    expect(await value(PROCESSED)).toBeUndefined();
    expect(await value(DURATION)).toBeUndefined();
    expect(stats).not.toHaveBeenCalled();
    stats.mockRestore();
  });
});

function hostile(bridge: Bridge, provider: ApiMeterProvider): void {
  const attached = attach(bridge.client.core, { provider });
  attached.check();
  attached.recordOperation({ millis: 1 });
  attached.detach();
}

describe("a meter provider that throws", () => {
  it("is caught and logged once", () => {
    const bridge = startBridge();
    const getMeter = vi.fn<ApiMeterProvider["getMeter"]>(() => {
      throw new Error("no meter");
    });
    hostile(bridge, { getMeter });
    expect(getMeter).toHaveBeenCalledTimes(1);
    expect(bridge.warnings).toHaveLength(1);
  });

  it("harms nobody in what it makes", () => {
    const bridge = startBridge();
    hostile(bridge, { getMeter: () => ({}) as ReturnType<ApiMeterProvider["getMeter"]> });
    expect(bridge.warnings).toHaveLength(1);
  });
});
