import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { SentrySpanProcessor, stats } from "../../src/index.js";
import type { Bridge } from "../client/bridge.js";
import { DELIVERED, startBridge } from "../client/bridge.js";
import { shortStacks } from "../errors/short-stacks.js";

// A few more than are kept: 5000 of all, and 50 of each root.
const ROOTS = 102;
const FAILURES = 52;

const FAILED = { code: SpanStatusCode.ERROR };

function failBelow(bridge: Bridge, root: Span, message: string): void {
  const child = bridge.child(root, "generate");
  child.recordException(new Error(message));
  child.setStatus(FAILED).end();
}

function messagesOf({ transport }: Bridge): unknown[] {
  return transport.errors().map(({ exception }) => exception?.values.at(-1)?.value);
}

describe("the exceptions below a root that stays open", () => {
  it.each([
    ["the provider is shut down", (bridge: Bridge) => bridge.provider.shutdown()],
    ["the client is closed", (bridge: Bridge) => bridge.client.close()],
    [
      "the process has run out of work",
      async (bridge: Bridge) => bridge.client.core.captureUnfinished(),
    ],
  ])("are reported, as handled, when %s", async (_when, end) => {
    const bridge = startBridge({}, { leavesOpen: true });
    const root = bridge.tracer.startSpan("GET /events", { kind: SpanKind.SERVER });
    for (const message of ["first", "second"]) failBelow(bridge, root, message);
    await bridge.client.flush();
    expect(messagesOf(bridge)).toEqual([]);
    await end(bridge);
    await bridge.client.flush();
    expect(new Set(messagesOf(bridge))).toEqual(new Set(["first", "second"]));
    const [event] = bridge.transport.errors();
    expect(event?.exception?.values[0]?.mechanism?.["handled"]).toBe(true);
  });

  it.each([
    ["a call", { kind: SpanKind.CLIENT }, {}],
    ["refused", { kind: SpanKind.SERVER }, { "http.response.status_code": 404 }],
  ])("are none where the root is already known to be %s", async (_what, options, attributes) => {
    const bridge = startBridge({}, { leavesOpen: true });
    const root = bridge.tracer.startSpan("root", options).setAttributes(attributes);
    failBelow(bridge, root, "not an error");
    await bridge.provider.shutdown();
    expect(messagesOf(bridge)).toEqual([]);
    expect(stats()?.errors).toMatchObject({ captured: 0 });
  });

  it("are reported or counted, all of them, however many there are", async () => {
    // What is sent is only counted.
    const transport = { send: () => Promise.resolve(DELIVERED), close: () => Promise.resolve() };
    const bridge = startBridge({ transport, frameContextLines: 0 }, { leavesOpen: true });
    shortStacks();
    for (let count = 0; count < ROOTS; count += 1) {
      const root = bridge.tracer.startSpan(`worker ${count}`);
      for (let failure = 0; failure < FAILURES; failure += 1) failBelow(bridge, root, `${failure}`);
    }
    await bridge.provider.shutdown();
    // 50 of each root, 5000 of all: the oldest roots have lost theirs.
    const sent = 5000 - 50;
    expect(stats()?.errors).toMatchObject({
      captured: ROOTS * FAILURES,
      sent,
      dropped: { buffer_overflow: ROOTS * FAILURES - sent },
    });
  });

  it("count once where one error has passed more spans than can wait", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const root = bridge.tracer.startSpan("worker");
    const error = new Error("one");
    for (let count = 0; count < 60; count += 1) {
      const child = bridge.child(root);
      child.recordException(error);
      child.end();
    }
    await bridge.provider.shutdown();
    expect(stats()?.errors).toMatchObject({ captured: 1, sent: 1, dropped: {} });
  });

  it("that come after the shutdown go with a client that is still open", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const root = bridge.tracer.startSpan("worker");
    const child = bridge.child(root);
    await bridge.processor.shutdown();
    child.recordException(new Error("late"));
    child.setStatus(FAILED).end();
    await bridge.client.flush();
    expect(messagesOf(bridge)).toEqual(["late"]);
  });

  it("are counted as lost where the client is closed, too", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const child = bridge.child(bridge.tracer.startSpan("worker"));
    await bridge.client.close();
    child.recordException(new Error("late"));
    child.setStatus(FAILED).end();
    expect(stats()?.errors ?? bridge.client.stats().errors).toMatchObject({ captured: 1, sent: 0 });
    const { dropped } = bridge.client.stats().errors;
    expect(Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it("keep only the last few of failed calls, which are no errors but for the last", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const root = bridge.tracer.startSpan("worker");
    for (let count = 0; count < 100; count += 1) {
      const call = bridge.child(root, "poll", { kind: SpanKind.CLIENT });
      call.recordException(new Error(`poll ${count}`));
      call.setStatus(FAILED).end();
    }
    await bridge.provider.shutdown();
    expect(messagesOf(bridge)).toEqual(["poll 99"]);
    expect(stats()?.errors).toMatchObject({ captured: 1, dropped: {} });
  });
});

it("a processor of its own client reports them with its own shutdown", async () => {
  const bridge = startBridge({}, { leavesOpen: true });
  expect(bridge.processor).toBeInstanceOf(SentrySpanProcessor);
  const root = bridge.tracer.startSpan("worker");
  failBelow(bridge, root, "waiting");
  await Promise.all([bridge.processor.shutdown(), bridge.client.close()]);
  expect(messagesOf(bridge)).toEqual(["waiting"]);
});
