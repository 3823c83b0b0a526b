import { context } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { getIsolationScope, setUser, withIsolationScope } from "../../src/index.js";
import type { Metric } from "../../src/protocol/items.js";
import { metrics } from "../../src/logs/metrics.js";
import { contextOf, startBridge } from "../client/bridge.js";
import { hostileValues } from "./hostile-values.js";
import { PROCESS, PROCESS_ATTRIBUTES, startTelemetry } from "./telemetry-kit.js";
import { metricsOf, valuesOf } from "./telemetry-rules.js";
import { CHARACTER } from "../property/characters.js";

describe("metrics", () => {
  it("sends each value by itself, with its type, unit and attributes", async () => {
    const bench = startTelemetry(PROCESS);
    metrics.count("orders");
    metrics.count("orders", 3, { attributes: { shop: "a" } });
    metrics.gauge("queue.size", 0.5, { unit: "item" });
    metrics.distribution("latency", 187.25, { unit: "millisecond", attributes: { ok: true } });
    const sent = await bench.metrics();
    expect(sent.map(({ name, type, value, unit }) => [name, type, value, unit])).toEqual([
      ["orders", "counter", 1, undefined],
      ["orders", "counter", 3, undefined],
      ["queue.size", "gauge", 0.5, "item"],
      ["latency", "distribution", 187.25, "millisecond"],
    ]);
    expect(valuesOf(sent[3])).toEqual({
      ...PROCESS_ATTRIBUTES,
      "sentry.timestamp.sequence": expect.any(Number) as number,
      ok: true,
    });
    expect(bench.transport.envelopes).toHaveLength(1);
  });

  it("belong to the active span, and carry the scopes' attributes and user", async () => {
    const { tracer, client, transport } = startBridge();
    const span = tracer.startSpan("root");
    context.with(contextOf(span), () => {
      withIsolationScope(() => {
        setUser({ id: "7" });
        getIsolationScope().setAttributes({ plan: "pro" });
        metrics.count("inside");
      });
    });
    span.end();
    await client.flush();
    const [metric] = metricsOf(transport.envelopes);
    const { traceId, spanId } = span.spanContext();
    expect(metric).toMatchObject({ trace_id: traceId, span_id: spanId });
    expect(valuesOf(metric)).toMatchObject({ plan: "pro", "user.id": "7" });
  });

  it("that the server would refuse are not sent, but counted, with one diagnostic", async () => {
    const bench = startTelemetry();
    const bad = [Number.NaN, Infinity, "3", undefined, null] as number[];
    for (const value of bad) metrics.gauge("bad.value", value);
    for (const name of ["", "x".repeat(201), 3, undefined] as string[]) metrics.count(name);
    expect(await bench.metrics()).toEqual([]);
    expect(bench.client.stats().byCategory.trace_metric).toMatchObject({
      captured: 9,
      dropped: { invalid: 9 },
    });
    expect(bench.client.core.diagnostics.counts()).toEqual({ metric: 9 });
  });

  it("take anything as attributes, and stay at about two kilobytes", async () => {
    const bench = startTelemetry({ release: "r".repeat(200) });
    const values = hostileValues();
    for (const value of values) {
      metrics.count("hostile", 1, { attributes: { value }, unit: value as string });
      metrics.count("hostile", 1, { attributes: value as Record<string, unknown> });
      metrics.count("hostile", 1, value as object);
    }
    const sent = await bench.metrics();
    expect(sent).toHaveLength(values.length * 3);
    for (const metric of sent) expect(JSON.stringify(metric).length).toBeLessThanOrEqual(2048);
  });

  it("take anything that a generator finds", async () => {
    const bench = startTelemetry();
    let count = 0;
    fc.assert(
      fc.property(
        fc.string({ unit: CHARACTER }),
        fc.double(),
        fc.anything(),
        (name, value, any) => {
          metrics.distribution(name, value, { attributes: { any } });
          count += 1;
        },
      ),
    );
    const sent = await bench.metrics();
    const { captured, dropped } = bench.client.stats().byCategory.trace_metric ?? {};
    expect(captured).toBe(count);
    expect(sent.length + (dropped?.invalid ?? 0)).toBe(count);
  });
});

describe("beforeSendMetric", () => {
  it("may change a metric, and sees all that is sent of it", async () => {
    const seen: Metric[] = [];
    const bench = startTelemetry({
      beforeSendMetric: (metric) => {
        seen.push({ ...metric });
        return { ...metric, name: "changed", value: 2, unit: "byte" };
      },
    });
    metrics.count("given", 1, { attributes: { a: "b" } });
    const [metric] = await bench.metrics();
    expect(seen).toEqual([expect.objectContaining({ name: "given", type: "counter", value: 1 })]);
    expect(seen[0]?.attributes).toMatchObject({ a: "b", "sentry.environment": "production" });
    expect(metric).toMatchObject({ name: "changed", value: 2, unit: "byte", type: "counter" });
  });

  it.each([
    ["returns null", "before_send", () => null],
    ["throws", "before_send", () => expect.fail("hook")],
    ["returns nothing", "before_send", () => undefined as never],
    ["returns no metric", "invalid", () => ({}) as never],
  ])("drops a metric where it %s, counted as %s", async (_, reason, beforeSendMetric) => {
    const bench = startTelemetry({ beforeSendMetric });
    metrics.count("dropped");
    expect(await bench.metrics()).toEqual([]);
    expect(bench.client.stats().byCategory.trace_metric).toMatchObject({
      captured: 1,
      dropped: { [reason]: 1 },
    });
  });

  it("does not see the metrics that it sends itself", async () => {
    const bench = startTelemetry({
      beforeSendMetric: (metric) => {
        metrics.count("from the hook");
        return metric;
      },
    });
    metrics.count("once");
    expect((await bench.metrics()).map(({ name }) => name)).toEqual(["once"]);
  });
});

describe("the metrics of a client", () => {
  it("are not built where they are not enabled", async () => {
    const bench = startTelemetry({ enableMetrics: false });
    metrics.count("nothing", Number.NaN);
    expect(await bench.metrics()).toEqual([]);
    expect(bench.client.stats().byCategory).toEqual({});
    expect(bench.client.core.diagnostics.counts()).toEqual({});
  });

  it("are handed over by hundreds, and all counted", async () => {
    const bench = startTelemetry();
    for (let index = 0; index < 550; index++) metrics.gauge("size", index);
    const sent = await bench.metrics();
    expect(sent.map(({ value }) => value)).toEqual(Array.from({ length: 550 }, (_, i) => i));
    expect(bench.transport.envelopes).toHaveLength(6);
    expect(bench.client.stats().byCategory.trace_metric).toMatchObject({
      captured: 550,
      sent: 550,
    });
  });

  it("are counted as closed once the client is", async () => {
    const bench = startTelemetry();
    metrics.count("before");
    await bench.client.close();
    metrics.count("after");
    expect(bench.client.stats().byCategory.trace_metric).toMatchObject({
      captured: 2,
      sent: 1,
      dropped: { closed: 1 },
    });
  });
});
