import {
  ROOT_CONTEXT,
  SpanKind,
  TraceFlags,
  defaultTextMapGetter,
  trace,
} from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  SamplingDecision,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import { SentryPropagator } from "../../src/index.js";
import type { SamplerContext } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";

const TRACE_ID = "4c79f60c11214eb38604f4ae0781bfb2";
const SENTRY_TRACE = `${TRACE_ID}-b01b9f6349558cd1`;

function incoming(headers: Record<string, string>): typeof ROOT_CONTEXT {
  return new SentryPropagator().extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
}

describe("sampling for Sentry", () => {
  it("is decided per local root, and counts what it leaves out", async () => {
    const bridge = startBridge({ tracesSampler: ({ name }) => (name === "kept" ? 1 : 0) });
    for (const name of ["kept", "left out"]) {
      const root = bridge.tracer.startSpan(name);
      bridge.child(root, "kept").end();
      root.end();
      bridge.child(root, "late").end();
    }
    const transactions = await bridge.flushed();
    expect(transactions.map(({ transaction }) => transaction)).toEqual(["kept", "late"]);
    expect(bridge.client.stats().spans).toMatchObject({
      started: 6,
      sent: 3,
      dropped: { sample_rate: 3 },
    });
    expect(bridge.client.stats().transactions.dropped).toEqual({ sample_rate: 1 });
  });

  it("passes name, kind, attributes and the sender's decision to the sampler", async () => {
    const seen: SamplerContext[] = [];
    const bridge = startBridge({
      tracesSampler(context) {
        seen.push(context);
        return context.inheritOrSampleWith(0.5);
      },
    });
    const ctx = incoming({
      "sentry-trace": `${SENTRY_TRACE}-1`,
      baggage: `sentry-trace_id=${TRACE_ID},sentry-public_key=k,sentry-sample_rate=0.75,sentry-sample_rand=0.1`,
    });
    const root = bridge.tracer.startSpan(
      "GET",
      { kind: SpanKind.SERVER, attributes: { "http.route": "/a" } },
      ctx,
    );
    bridge.child(root).end();
    root.end();
    expect(seen).toMatchObject([
      {
        name: "GET",
        kind: SpanKind.SERVER,
        attributes: { "http.route": "/a" },
        parentSampled: true,
        parentSampleRate: 0.75,
      },
    ]);
    expect(seen[0]?.inheritOrSampleWith(0.5)).toBe(0.75);
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace?.data).toMatchObject({ "sentry.sample_rate": 0.75 });
  });

  it.each([
    [`${SENTRY_TRACE}-1`, 1],
    [`${SENTRY_TRACE}-0`, 0],
  ])("follows a Sentry sender's decision (%s) whatever its own rate", async (header, count) => {
    const bridge = startBridge({ tracesSampleRate: 0.5 });
    // The flag 0 of a refusal would make OTel's own parent-based sampler refuse, too.
    const ctx = incoming({
      "sentry-trace": header,
      baggage: `sentry-trace_id=${TRACE_ID},sentry-public_key=k`,
    });
    const parent = trace.getSpanContext(ctx);
    const recording =
      parent === undefined
        ? ctx
        : trace.setSpanContext(ctx, { ...parent, traceFlags: TraceFlags.SAMPLED });
    bridge.tracer.startSpan("GET", { kind: SpanKind.SERVER }, recording).end();
    const transactions = await bridge.flushed();
    expect(transactions).toHaveLength(count);
    for (const { contexts } of transactions)
      expect(contexts.trace?.data).not.toHaveProperty("sentry.sample_rate");
  });

  it("agrees over all services of a trace: one sample_rand from the trace id", async () => {
    const rates = [0.2, 0.5, 0.8];
    const bridges = rates.map((tracesSampleRate) => startBridge({ tracesSampleRate }));
    const source = startBridge();
    for (let count = 0; count < 200; count++) {
      const root = source.tracer.startSpan("source");
      const ctx = trace.setSpanContext(ROOT_CONTEXT, { ...root.spanContext(), isRemote: true });
      for (const bridge of bridges) bridge.tracer.startSpan("service", {}, ctx).end();
      root.end();
    }
    const kept = await Promise.all(
      bridges.map(
        async (bridge) =>
          new Set((await bridge.flushed()).map(({ contexts }) => contexts.trace?.trace_id)),
      ),
    );
    const [low, middle, high] = kept;
    for (const id of low ?? []) expect(middle?.has(id)).toBe(true);
    for (const id of middle ?? []) expect(high?.has(id)).toBe(true);
    expect(low?.size).toBeGreaterThan(10);
    expect(high?.size).toBeLessThan(200);
  });

  it("leaves OTel's flags, trace state and other exporters alone", async () => {
    const exporter = new InMemorySpanExporter();
    const bridge = startBridge(
      { tracesSampleRate: 0 },
      { after: [new SimpleSpanProcessor(exporter)] },
    );
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    expect(exporter.getFinishedSpans()).toHaveLength(2);
    for (const span of exporter.getFinishedSpans()) {
      expect(span.spanContext().traceFlags).toBe(TraceFlags.SAMPLED);
      expect(span.spanContext().traceState).toBeUndefined();
    }
    expect(await bridge.flushed()).toEqual([]);
  });

  it("never sees what OTel's sampler dropped, and counts none of it", async () => {
    const bridge = startBridge({}, { sampler: new AlwaysOffSampler() });
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    expect(await bridge.flushed()).toEqual([]);
    expect(bridge.client.stats().spans.started).toBe(0);
  });

  it("takes spans that are only recorded for what they are: not sampled", async () => {
    const sampler = {
      shouldSample: () => ({ decision: SamplingDecision.RECORD }),
      toString: () => "record only",
    };
    const bridge = startBridge({}, { sampler });
    bridge.tracer.startSpan("root").end();
    expect(await bridge.flushed()).toEqual([]);
    expect(bridge.client.stats().spans.started).toBe(0);
  });
});
