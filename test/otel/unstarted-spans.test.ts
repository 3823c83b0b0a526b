import { TraceFlags } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, vi } from "vitest";

import { SentrySpanProcessor } from "../../src/index.js";
import type { SpanSource } from "../../src/client/sources.js";
import { startBridge } from "../client/bridge.js";
import { collectGarbage } from "../client/collect-garbage.js";
import { newSpanId, spanOf } from "../spans/hand-made-span.js";
import { throwing } from "./propagation-kit.js";

const EXCEPTION = {
  name: "exception",
  time: [1_795_341_600, 0] as const,
  attributes: { "exception.type": "TypeError", "exception.message": "no such order" },
};

/** A processor that forbids new properties on spans, behind one that has stored its own. */
function sealing(): SpanProcessor {
  return {
    onStart: (span: Span) => void Object.preventExtensions(span),
    onEnd: () => {},
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

describe("a span of which only the end is seen", () => {
  it.each([
    ["a plain span", spanOf()],
    ["a frozen span", Object.freeze(spanOf())],
  ])("is sent once if it ends twice: %s", async (_, span) => {
    const bridge = startBridge();
    bridge.processor.onEnd(span);
    bridge.processor.onEnd(span);
    expect(await bridge.flushed()).toHaveLength(1);
    expect(bridge.client.stats().spans).toMatchObject({ started: 1, sent: 1 });
  });

  it("reports its exception once if it ends twice", async () => {
    const bridge = startBridge();
    const span = spanOf({ events: [EXCEPTION], status: { code: 2 } });
    bridge.processor.onEnd(span);
    bridge.processor.onEnd(span);
    await bridge.flushed();
    expect(bridge.transport.errors()).toHaveLength(1);
  });

  it("is ignored if it is not sampled", async () => {
    const bridge = startBridge();
    const ids = { ...spanOf().spanContext(), traceFlags: TraceFlags.NONE };
    bridge.processor.onEnd(spanOf({ spanContext: () => ids }));
    expect(await bridge.flushed()).toEqual([]);
    expect(bridge.client.stats().spans.started).toBe(0);
  });

  it("is counted as lost if it cannot be read", () => {
    const bridge = startBridge();
    bridge.processor.onEnd(spanOf({ spanContext: throwing }));
    expect(bridge.client.stats().spans).toMatchObject({
      started: 1,
      dropped: { internal_sdk_error: 1 },
    });
  });

  it("is ignored after the shutdown", async () => {
    const bridge = startBridge();
    bridge.processor.onEnd(spanOf());
    await bridge.processor.shutdown();
    bridge.processor.onEnd(spanOf());
    expect(bridge.client.stats().spans).toMatchObject({ started: 1, sent: 1 });
  });

  it("counts as use of the processor", () => {
    const bridge = startBridge();
    const processor = new SentrySpanProcessor(bridge.client);
    const stopWatching = vi.fn<() => void>();
    processor.whenInUse(stopWatching);
    processor.onEnd(spanOf());
    processor.onEnd(spanOf());
    expect(processor.isInUse).toBe(true);
    expect(stopWatching).toHaveBeenCalledOnce();
  });
});

describe("the shutdown of a processor that has seen such spans", () => {
  it("sends spans and exceptions that wait for their root", async () => {
    const bridge = startBridge();
    const parentSpanId = newSpanId();
    bridge.know(parentSpanId);
    bridge.processor.onEnd(spanOf({ name: "child", parentSpanId, events: [EXCEPTION] }));
    await bridge.processor.shutdown();
    expect(bridge.transport.transactions()).toMatchObject([{ transaction: "child" }]);
    expect(bridge.transport.errors()).toHaveLength(1);
  });

  it("releases all that the client keeps of it", async () => {
    const bridge = startBridge();
    const sources: WeakRef<SpanSource>[] = [];
    const add = bridge.client.core.addSpanSource.bind(bridge.client.core);
    bridge.client.core.addSpanSource = (source) => {
      sources.push(new WeakRef(source));
      add(source);
    };
    for (let count = 0; count < 20; count++) {
      const processor = new SentrySpanProcessor(bridge.client);
      processor.onEnd(spanOf());
      await processor.shutdown();
    }
    await collectGarbage();

    expect(sources).toHaveLength(40);
    expect(sources.filter((each) => each.deref() !== undefined).length).toBeLessThanOrEqual(4);
    expect(bridge.client.stats().spans).toMatchObject({ started: 20, sent: 20, buffered: 0 });
  });
});

describe("a span that could not be marked at its start", () => {
  it.each([
    ["no other processor", false],
    ["a processor of another client", true],
  ])("is sent and counted once, after %s", async (_, hasOther) => {
    const other = startBridge();
    const before = hasOther ? [other.processor, sealing()] : [sealing()];
    const bridge = startBridge({ dsn: "https://key@sentry.invalid/7" }, { before });
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    await bridge.flushed();
    expect(bridge.client.stats().spans).toMatchObject({ started: 2, sent: 2, open: 0 });
    expect(bridge.warnings.filter((each) => each.includes("onStart threw"))).toEqual([
      expect.stringContaining("may be sent without its user and tags"),
    ]);
  });
});
