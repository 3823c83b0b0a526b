import { SpanStatusCode, context, trace } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { SamplingDecision } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import { captureException, setTag, setUser, stats } from "../../src/index.js";
import type { ReceivedError } from "../../src/testing/received.js";
import type { Bridge } from "../client/bridge.js";
import { contextOf, startBridge } from "../client/bridge.js";

const FAILED = { code: SpanStatusCode.ERROR };

function fail(span: Span, error: Error | string): void {
  span.recordException(error);
  span.setStatus(FAILED);
}

async function errorsOf({ client, transport }: Bridge): Promise<ReceivedError[]> {
  await client.flush();
  return transport.errors();
}

function textsOf(events: readonly ReceivedError[]): unknown[] {
  return events.map(({ exception }) => exception?.values.at(-1)?.value);
}

describe("an exception that was recorded on a span", () => {
  it("is an error event of the span, with the scope data that its unit has when the root ends", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("GET /orders");
    const child = bridge.child(root, "load");
    const error = new TypeError("no order");
    fail(child, error);
    child.end();
    context.with(contextOf(root), () => {
      setUser({ id: "7" });
      setTag("tenant", "acme");
    });
    root.setStatus(FAILED).end();
    const [event, ...others] = await errorsOf(bridge);
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      level: "error",
      user: { id: "7" },
      tags: { tenant: "acme" },
      transaction: "GET /orders",
      contexts: {
        trace: {
          trace_id: root.spanContext().traceId,
          span_id: child.spanContext().spanId,
          parent_span_id: root.spanContext().spanId,
        },
      },
    });
    const [value] = event?.exception?.values ?? [];
    expect(value).toMatchObject({
      type: "TypeError",
      value: "no order",
      mechanism: { type: "auto.otel.span", handled: false },
    });
    expect(value?.stacktrace?.frames.at(-1)?.["filename"]).toContain("span-exceptions.test.ts");
  });

  it("names the instrumentation that recorded it", async () => {
    const bridge = startBridge();
    const tracer = bridge.provider.getTracer("@opentelemetry/instrumentation-express");
    const root = tracer.startSpan("request handler");
    fail(root, new Error("thrown"));
    root.end();
    const [event] = await errorsOf(bridge);
    const { mechanism } = event?.exception?.values[0] ?? {};
    expect(mechanism?.["type"]).toMatch(/^auto\.\w+\.otel\.express$/);
  });

  it("is one event through nested spans, a capture, and as the cause of what is thrown on", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const outer = bridge.child(root, "outer");
    const inner = bridge.child(outer, "inner");
    const cause = new Error("cause");
    const effect = new Error("effect", { cause });
    fail(inner, cause);
    inner.end();
    fail(outer, effect);
    fail(outer, effect);
    outer.end();
    fail(root, effect);
    context.with(contextOf(root), () => captureException(effect, { tags: { captured: "yes" } }));
    root.end();
    const events = await errorsOf(bridge);
    expect(events.map(({ exception }) => exception?.values.map(({ value }) => value))).toEqual([
      ["cause", "effect"],
    ]);
    expect(events[0]?.tags).toEqual({ captured: "yes" });
  });

  it("is an event by the outermost of them where nobody captures it", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const inner = bridge.child(root, "inner");
    const cause = new Error("cause");
    fail(inner, cause);
    inner.end();
    fail(root, new Error("effect", { cause }));
    root.end();
    expect(textsOf(await errorsOf(bridge))).toEqual(["effect"]);
  });

  it("is an event once for each segment that it is recorded in", async () => {
    const bridge = startBridge();
    const error = new Error("shared");
    for (const name of ["first", "second"]) {
      const root = bridge.tracer.startSpan(name);
      fail(root, error);
      root.end();
    }
    expect(textsOf(await errorsOf(bridge))).toHaveLength(2);
  });

  it("is one from its texts where somebody has written them as an event", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const stack = "RangeError: too far\n    at walk (/srv/app/src/walk.js:5:7)";
    root.addEvent("exception", {
      "exception.type": "RangeError",
      "exception.message": "too far",
      "exception.stacktrace": stack,
    });
    root.addEvent("exception", { "exception.message": "only this" });
    root.addEvent("exception", {});
    root.setStatus(FAILED).end();
    const events = await errorsOf(bridge);
    expect(new Set(textsOf(events))).toEqual(new Set(["only this", "too far"]));
    const far = events.find(({ exception }) => exception?.values[0]?.type === "RangeError");
    expect(far?.exception?.values[0]?.stacktrace?.frames).toMatchObject([
      { function: "walk", filename: "/srv/app/src/walk.js", lineno: 5, in_app: true },
    ]);
  });

  it("that is text is an event, too", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    fail(root, "just text");
    root.end();
    expect(textsOf(await errorsOf(bridge))).toEqual(["just text"]);
  });

  it("is an event although Sentry does not sample the trace", async () => {
    const bridge = startBridge({ tracesSampleRate: 0 });
    const root = bridge.tracer.startSpan("root");
    fail(root, new Error("unsampled"));
    root.end();
    const [event] = await errorsOf(bridge);
    expect(event?.contexts?.trace?.trace_id).toBe(root.spanContext().traceId);
    expect(bridge.transport.transactions()).toEqual([]);
  });

  it("of a span that ends after its root has the root's fate", async () => {
    const bridge = startBridge();
    const roots = ["failed", "fine"].map((name) => bridge.tracer.startSpan(name));
    const children = roots.map((root) => bridge.child(root));
    roots[0]?.setStatus(FAILED);
    for (const root of roots) root.end();
    for (const child of children) {
      fail(child, new Error(`late in ${child.spanContext().spanId}`));
      child.end();
    }
    expect(textsOf(await errorsOf(bridge))).toEqual([
      `late in ${children[0]?.spanContext().spanId}`,
    ]);
  });

  it("leaves the span as it would be without the bridge", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    fail(root, new Error("seen"));
    root.end();
    expect((root as unknown as { events: unknown[] }).events).toHaveLength(1);
    await bridge.client.flush();
  });
});

async function reportedWith(spanExceptions: "all" | "failed" | "none"): Promise<unknown[]> {
  const bridge = startBridge({ spanExceptions });
  for (const name of ["failed", "handled"]) {
    const root = bridge.tracer.startSpan(name);
    const child = bridge.child(root);
    fail(child, new Error(name));
    child.end();
    if (name === "failed") root.setStatus(FAILED);
    root.end();
  }
  return (await errorsOf(bridge)).map(({ exception }) => [
    exception?.values[0]?.value,
    exception?.values[0]?.mechanism?.["handled"],
  ]);
}

describe("spanExceptions", () => {
  it("reports those of failed roots by default", async () => {
    expect(await reportedWith("failed")).toEqual([["failed", false]]);
  });

  it("reports all, and which were handled", async () => {
    expect(await reportedWith("all")).toEqual([
      ["failed", false],
      ["handled", true],
    ]);
  });

  it("reports none", async () => {
    expect(await reportedWith("none")).toEqual([]);
  });

  it.each([
    ["all", 60, {}],
    ["failed", 50, { buffer_overflow: 10 }],
  ] as const)(
    "with '%s', a root that fails on and on is bounded, and nothing is lost uncounted",
    async (spanExceptions, sent, dropped) => {
      const bridge = startBridge({ spanExceptions });
      const root = bridge.tracer.startSpan("loop");
      for (let count = 0; count < 60; count += 1) {
        const child = bridge.child(root);
        fail(child, new Error(`failure ${count}`));
        child.end();
      }
      root.setStatus(FAILED).end();
      expect(await errorsOf(bridge)).toHaveLength(sent);
      expect(stats()?.errors).toMatchObject({ captured: 60, sent, dropped });
    },
  );
});

it("the exceptions of spans that OTel's sampler drops are nobody's", async () => {
  const sampler = { shouldSample: () => ({ decision: SamplingDecision.NOT_RECORD }) };
  const bridge = startBridge({}, { sampler });
  bridge.tracer.startActiveSpan("dropped", (span) => {
    fail(span, new Error("unseen"));
    expect(trace.getActiveSpan()).toBe(span);
    span.end();
  });
  expect(await errorsOf(bridge)).toEqual([]);
});
