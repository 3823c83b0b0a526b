import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { GRACE_MILLIS, MAX_WAIT_MILLIS } from "../../src/spans/client-assembler.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";

// The bridge's timers are those of the process: here they are the test's.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

// What has left the assembler; the sender works without timers.
async function sentSpans(bridge: Bridge, afterMillis: number): Promise<string[]> {
  await vi.advanceTimersByTimeAsync(afterMillis);
  await new Promise((turn) => {
    setImmediate(turn);
  });
  return bridge.transport
    .transactions()
    .flatMap(({ transaction, spans }) => [
      transaction,
      ...spans.map(({ description }) => String(description)),
    ]);
}

describe("a processor of its own accord", () => {
  it("sends a root without its stragglers once the grace is over", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const straggler = bridge.child(root, "straggler");
    bridge.child(root, "in time").end();
    root.end();
    expect(await sentSpans(bridge, GRACE_MILLIS - 100)).toEqual([]);
    expect(await sentSpans(bridge, 600)).toEqual(["root", "in time"]);
    straggler.end();
    expect(await sentSpans(bridge, 0)).toEqual(["root", "in time", "straggler"]);
  });

  it("sends the finished children of a root that stays open, after the longest wait", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("consumer loop");
    bridge.child(root, "message").end();
    expect(await sentSpans(bridge, MAX_WAIT_MILLIS - 1000)).toEqual([]);
    expect(await sentSpans(bridge, 2000)).toEqual(["message"]);
    const [transaction] = bridge.transport.transactions();
    expect(transaction?.contexts.trace?.parent_span_id).toBe(root.spanContext().spanId);
    root.end();
    expect(await sentSpans(bridge, 0)).toEqual(["message", "consumer loop"]);
  });

  it("sends both when the root ends just before the longest wait is over, and a child never ends", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const root = bridge.tracer.startSpan("root");
    bridge.child(root, "done").end();
    bridge.child(root, "never");
    await sentSpans(bridge, MAX_WAIT_MILLIS - 500);
    root.end();
    expect((await sentSpans(bridge, GRACE_MILLIS + 2000)).toSorted()).toEqual(["done", "root"]);
  });

  it("has no timer while nothing waits", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    await sentSpans(bridge, 1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has no timer after its shutdown", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    vi.useRealTimers();
    await bridge.processor.shutdown();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    root.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
