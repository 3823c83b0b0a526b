import { ROOT_CONTEXT, SpanKind, context, defaultTextMapSetter, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import * as bridge from "../../src/index.js";
import { assertSettled } from "../../src/testing/testing.js";

// What a module of an application may call, in whatever state the bridge is.
function useEverything(): void {
  bridge.setUser({ id: 1 });
  bridge.setTag("a", "b");
  bridge.setTags({ c: 1 });
  bridge.setContext("d", { e: 1 });
  bridge.setExtra("f", 1);
  bridge.setExtras({ g: 1 });
  bridge.setAttribute("h", 1);
  bridge.setAttributes({ i: 1 });
  bridge.addBreadcrumb({ message: "j" });
  expect(bridge.withIsolationScope((scope) => scope.setTag("k", 1) && 5)).toBe(5);
  expect(bridge.withScope((scope) => scope.setTag("l", 1) && 6)).toBe(6);
  expect(bridge.bindContext((value: number) => value + 1)(6)).toBe(7);
  expect(bridge.captureException(new Error("m"))).toMatch(/^[0-9a-f]{32}$/);
  expect(bridge.captureMessage("n")).toMatch(/^[0-9a-f]{32}$/);
}

beforeEach(() => {
  bridge.setClient(undefined);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});

afterEach(() => {
  bridge.setClient(undefined);
  context.disable();
});

describe("without a DSN", () => {
  it.each([undefined, ""])(
    "(%j) everything works, nothing is sent, and all is counted as `disabled`",
    async (dsn) => {
      const client = bridge.createClient({ dsn });
      const processor = new bridge.SentrySpanProcessor(client);
      const provider = new BasicTracerProvider({ spanProcessors: [processor] });
      const tracer = provider.getTracer("test");
      bridge.withIsolationScope(() => {
        const root = tracer.startSpan("root");
        context.with(trace.setSpan(context.active(), root), () => {
          useEverything();
          tracer.startSpan("child").end();
        });
        root.end();
      });
      expect(await bridge.flush()).toBe(true);
      await provider.forceFlush();
      expect(client.stats()).toMatchObject({
        spans: { started: 2, sent: 0, dropped: { disabled: 2 } },
        transactions: { sent: 0, dropped: { disabled: 1 } },
        errors: { sent: 0, dropped: { disabled: 2 } },
        envelopesSent: 0,
      });
      await provider.shutdown();
      expect(await bridge.close()).toBe(true);
      assertSettled(client);
    },
  );

  it("the counts of spans are exact while some are open", () => {
    const client = bridge.createClient({ dsn: false });
    const processor = new bridge.SentrySpanProcessor(client);
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("test");
    const root = tracer.startSpan("root");
    const inRoot = trace.setSpan(ROOT_CONTEXT, root);
    const child = tracer.startSpan("child", {}, inRoot);
    tracer.startSpan("child", {}, inRoot).end();
    expect(client.stats().spans).toMatchObject({ started: 3, open: 2, captured: 1 });
    root.end();
    expect(client.stats().spans).toMatchObject({ started: 3, open: 1, captured: 2 });
    child.recordException(new Error("not an event"));
    child.end();
    expect(client.stats()).toMatchObject({
      spans: { started: 3, open: 0, captured: 3, droppedEarly: { disabled: 3 } },
      transactions: { captured: 1, droppedEarly: { disabled: 1 } },
      errors: { captured: 0 },
    });
    assertSettled(client);
  });

  it("a scope that is read under a child span is that of its request", () => {
    const processor = new bridge.SentrySpanProcessor({ dsn: false });
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("test");
    const requests = [1, 2].map((id) => {
      const root = tracer.startSpan("root", { kind: SpanKind.SERVER }, ROOT_CONTEXT);
      const inRoot = trace.setSpan(ROOT_CONTEXT, root);
      context.with(inRoot, () => bridge.setUser({ id }));
      return trace.setSpan(inRoot, tracer.startSpan("child", {}, inRoot));
    });
    expect(requests.map((ctx) => bridge.getIsolationScope(ctx).data.user)).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
  });

  it("the sampling decision is propagated", () => {
    const client = bridge.createClient({ dsn: false, tracesSampleRate: 0 });
    const processor = new bridge.SentrySpanProcessor(client);
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("test");
    const inRoot = trace.setSpan(ROOT_CONTEXT, tracer.startSpan("root"));
    const carrier: Record<string, string> = {};
    const inChild = trace.setSpan(inRoot, tracer.startSpan("child", {}, inRoot));
    new bridge.SentryPropagator().inject(inChild, carrier, defaultTextMapSetter);
    expect(carrier["sentry-trace"]).toMatch(/-0$/);
  });

  it("hooks run all the same, so that they can be tried out", async () => {
    const seen: string[] = [];
    const client = bridge.createClient({
      beforeSendTransaction(event) {
        seen.push(event.transaction);
        return event;
      },
    });
    const provider = new BasicTracerProvider({
      spanProcessors: [new bridge.SentrySpanProcessor(client)],
    });
    provider.getTracer("test").startSpan("root").end();
    await provider.shutdown();
    expect(seen).toEqual(["root"]);
    assertSettled(client);
  });
});

describe("without a client", () => {
  it("nothing throws, and there is nothing to flush", async () => {
    useEverything();
    expect(bridge.getClient()).toBeUndefined();
    expect(bridge.stats()).toBeUndefined();
    expect(await bridge.flush()).toBe(true);
    expect(await bridge.close()).toBe(true);
  });
});

describe("with a client that is closed", () => {
  it("nothing throws, and captured items are counted", async () => {
    const client = bridge.createClient({ dsn: "https://key@127.0.0.1:1/1" });
    await bridge.close();
    useEverything();
    expect(await bridge.flush()).toBe(true);
    expect(client.stats().errors).toMatchObject({ sent: 0, queued: 0, dropped: { closed: 2 } });
  });
});

describe("the process-wide client", () => {
  it("is the first one that was made, until another is set", () => {
    const first = bridge.createClient();
    const second = bridge.createClient();
    expect(bridge.getClient()).toBe(first);
    bridge.setClient(second);
    expect(bridge.getClient()).toBe(second);
  });
});
