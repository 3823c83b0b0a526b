import { context, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  captureException,
  captureMessage,
  forkIsolation,
  getIsolationScope,
  setTag,
  setUser,
  withScope,
} from "../../src/index.js";
import { startBridge } from "./bridge.js";
import { capture, later, sent, useTestTimers } from "./hook-kit.js";

useTestTimers();

describe("a hook", () => {
  it("that is synchronous keeps everything synchronous: the event is queued when the capture returns", () => {
    const bridge = startBridge({ beforeSend: (event) => ({ ...event, logger: "hook" }) });
    captureMessage("at once");
    expect(bridge.client.stats().delivery.queuedItems).toBe(1);
  });

  it("sees what the one before it has resolved with, and the scopes as they were at the capture", async () => {
    const bridge = startBridge({
      beforeSend: async (event) => ({
        ...event,
        tags: { ...event.tags, order: `${event.tags?.["order"]}c` },
      }),
    });
    context.with(forkIsolation(), () => {
      setUser({ id: "before" });
      getIsolationScope()
        .addEventProcessor((event) => later({ ...event, tags: { order: "a" } }))
        .addEventProcessor((event) => ({ ...event, tags: { order: `${event.tags?.["order"]}b` } }));
      captureMessage("ordered");
      setUser({ id: "after" });
    });
    await sent(1000);
    const [event] = bridge.transport.errors();
    expect(event).toMatchObject({ tags: { order: "abc" }, user: { id: "before" } });
  });

  it("is followed by beforeSendSpan after the processors and before beforeSendTransaction", async () => {
    const order: string[] = [];
    const bridge = startBridge({
      beforeSendSpan: (span) => (order.push("span"), span),
      beforeSendTransaction: async (event, hint) => {
        order.push("transaction");
        expect(hint.event_id).toBe(event.event_id);
        return event;
      },
    });
    capture("transaction", bridge, async (event) => {
      await later(0);
      order.push("processor");
      return event;
    });
    await sent(1000);
    expect(order).toEqual(["processor", "span", "transaction"]);
  });

  it("lets later events overtake the one that it delays", async () => {
    const bridge = startBridge({
      beforeSend: (event) => (event.logentry?.message === "slow" ? later(event) : event),
    });
    captureMessage("slow");
    captureMessage("fast");
    await sent(1000);
    expect(bridge.transport.errors().map(({ logentry }) => logentry?.["message"])).toEqual([
      "fast",
      "slow",
    ]);
  });

  it("makes no spans, and processing after its promise runs outside of every unit", async () => {
    const contexts: string[] = [];
    const see = (): void => {
      const span = trace.getTracer("app").startSpan("of a hook");
      contexts.push(`${trace.getActiveSpan() !== undefined} ${span.isRecording()}`);
      span.end();
    };
    const bridge = startBridge({
      beforeSend: (event) => (see(), event),
    });
    trace.setGlobalTracerProvider(bridge.provider);
    const root = bridge.tracer.startSpan("root");
    context.with(trace.setSpan(forkIsolation(), root), () => {
      captureMessage("synchronous");
      withScope((scope) => {
        scope.addEventProcessor((event) => later(event));
        captureMessage("asynchronous");
      });
    });
    await sent(1000);
    root.end();
    trace.disable();
    expect(contexts).toEqual(["true false", "false false"]);
  });

  it("that calls a traced client does not make transactions without end", async () => {
    let calls = 0;
    const bridge = startBridge({
      beforeSendTransaction: async (event) => {
        calls += 1;
        const span = trace.getTracer("client").startSpan("GET");
        await later(0, 10);
        span.end();
        return event;
      },
    });
    trace.setGlobalTracerProvider(bridge.provider);
    capture("transaction", bridge);
    await sent(1000);
    trace.disable();
    expect(calls).toBe(1);
  });

  it("a unit's data never reaches another unit's event", async () => {
    const bridge = startBridge({
      beforeSend: (event) => later(event, Number(event.tags?.["latency"])),
    });
    for (const [index, latency] of [30, 5, 20, 1, 0].entries()) {
      context.with(forkIsolation(), () => {
        setTag("latency", latency);
        setTag("unit", String(index));
        captureException(new Error(`of ${index}`));
      });
    }
    await sent(100);
    for (const { tags, exception } of bridge.transport.errors())
      expect(exception?.values[0]?.value).toBe(`of ${tags?.["unit"]}`);
    expect(bridge.transport.errors()).toHaveLength(5);
  });
});
