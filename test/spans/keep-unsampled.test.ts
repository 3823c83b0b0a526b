import { SpanStatusCode, context, trace } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { AlwaysOnSampler } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import type { KeepUnsampled } from "../../src/index.js";
import { continueTrace, getTraceHeaders } from "../../src/index.js";
import type { Bridge } from "../client/bridge.js";
import { startBridge } from "../client/bridge.js";

function startKeeping(keepUnsampled: KeepUnsampled): Bridge {
  return startBridge({ tracesSampleRate: 0, keepUnsampled });
}

function fail(span: Span): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
}

describe("keepUnsampled", () => {
  it("sends a trace whose root failed, with all of its spans, by a rate of 1", async () => {
    const bridge = startKeeping({ failed: true });
    const root = bridge.tracer.startSpan("failing");
    for (let count = 0; count < 3; count += 1) bridge.child(root).end();
    const told = getTraceHeaders(trace.setSpan(context.active(), root));
    fail(root);
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.spans).toHaveLength(3);
    expect(transaction?.contexts.trace?.data).toMatchObject({ "sentry.sample_rate": 1 });
    expect(bridge.transport.envelopes[0]?.header["trace"]).toMatchObject({
      sample_rate: "1",
      sampled: "true",
    });
    expect(told["sentry-trace"]?.endsWith("-0")).toBe(true);
  });

  it("drops what did not fail, and counts it as before", async () => {
    const bridge = startKeeping({ failed: true });
    const root = bridge.tracer.startSpan("fine");
    const child = bridge.child(root);
    fail(child);
    child.end();
    root.end();
    expect(await bridge.flushed()).toEqual([]);
    expect(bridge.client.stats()).toMatchObject({
      spans: { started: 2, dropped: { sample_rate: 2 }, buffered: 0 },
      transactions: { dropped: { sample_rate: 1 } },
    });
  });

  it.each([
    [49, 0],
    [51, 1],
  ])("sends what took longer than 50 ms: %i ms, %i sent", async (millis, sent) => {
    const bridge = startKeeping({ slowerThanMillis: 50 });
    const start = Date.now();
    bridge.tracer.startSpan("root", { startTime: start }).end(start + millis);
    expect(await bridge.flushed()).toHaveLength(sent);
  });

  it("counts each span of a large trace that was not worth it, and of one that was", async () => {
    const bridge = startKeeping({ failed: true });
    for (const isFailing of [true, false]) {
      const root = bridge.tracer.startSpan("large");
      for (let count = 0; count < 2500; count += 1) bridge.child(root).end();
      if (isFailing) fail(root);
      root.end();
    }
    await bridge.flushed();
    const { spans } = bridge.client.stats();
    expect(spans.started).toBe(5002);
    expect(spans.sent + (spans.dropped.sample_rate ?? 0)).toBe(5002);
    // What went before the root had ended could not be kept: a transaction holds 1000 spans.
    expect(spans.sent).toBeGreaterThanOrEqual(1001);
  });

  it("keeps what a sampler has refused, and not what a sender has", async () => {
    const keepUnsampled = { failed: true };
    const sampler = new AlwaysOnSampler();
    const bridge = startBridge({ tracesSampler: () => 0, keepUnsampled }, { sampler });
    const inherits = startBridge({ keepUnsampled }, { sampler });
    for (const side of [bridge, inherits]) side.know("b0e6f15b45c36b12");
    const traceId = "4c79f60c11214eb38604f4ae0781bfb2";
    const headers = {
      "sentry-trace": `${traceId}-b0e6f15b45c36b12-0`,
      baggage: `sentry-trace_id=${traceId},sentry-public_key=k`,
    };
    const sent = [bridge, inherits].map(async ({ tracer, ...others }) => {
      const root = continueTrace(headers, () => tracer.startSpan("root"));
      fail(root);
      root.end();
      return (await others.flushed()).length;
    });
    expect(await Promise.all(sent)).toEqual([1, 0]);
  });
});
