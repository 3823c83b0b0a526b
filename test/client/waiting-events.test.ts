import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import { captureMessage, flush } from "../../src/index.js";
import { MAX_WAITING_EVENTS } from "../../src/client/waiting-events.js";
import { assertAccounted } from "../../src/testing/testing.js";
import { startBridge } from "./bridge.js";
import { KINDS, capture, failing, later, sent, useTestTimers } from "./hook-kit.js";
import { times } from "../property/runs.js";

useTestTimers();

describe("events that wait for hooks", () => {
  it("are flushed, and flush is false when they take too long", async () => {
    const bridge = startBridge({ beforeSend: (event) => later(event, 500) });
    captureMessage("one");
    const early = flush(100);
    const late = flush(1000);
    await sent(1000);
    await expect(early).resolves.toBe(false);
    await expect(late).resolves.toBe(true);
    expect(bridge.transport.errors()).toHaveLength(1);
  });

  it("do not delay events without a hook in a flush", async () => {
    const bridge = startBridge({ beforeSend: () => new Promise(() => {}) });
    captureMessage("stuck");
    capture("transaction", bridge);
    const flushing = bridge.client.flush(1000);
    await sent(0);
    expect(bridge.transport.transactions()).toHaveLength(1);
    await sent(1000);
    await expect(flushing).resolves.toBe(false);
  });

  it("are sent by close, within its time", async () => {
    const bridge = startBridge({ beforeSend: (event) => later(event, 500) });
    captureMessage("one");
    const closing = bridge.client.close(1000);
    await sent(1000);
    await expect(closing).resolves.toBe(true);
    expect(bridge.transport.errors()).toHaveLength(1);
  });

  it("are counted as closed after that, whatever their hooks do later", async () => {
    const bridge = startBridge({ beforeSend: (event) => later(event, 5000) });
    captureMessage("one");
    const closing = bridge.client.close(1000);
    await sent(1000);
    await expect(closing).resolves.toBe(false);
    expect(bridge.client.stats().errors).toMatchObject({ queued: 0, dropped: { closed: 1 } });
    await sent(10_000);
    expect(bridge.client.stats().errors).toMatchObject({ sent: 0, dropped: { closed: 1 } });
  });

  it("are bounded in number; those beyond are dropped before the hook is called, and counted", async () => {
    let calls = 0;
    // One timer: fake ones are searched one by one.
    const over = later(undefined);
    const bridge = startBridge({
      beforeSend: (event) => ((calls += 1), over.then(() => event)),
    });
    for (let index = 0; index < MAX_WAITING_EVENTS + 5; index++) captureMessage(`${index}`);
    capture("transaction", bridge);
    expect(calls).toBe(MAX_WAITING_EVENTS);
    expect(bridge.client.stats().errors).toMatchObject({
      queued: MAX_WAITING_EVENTS,
      dropped: { queue_overflow: 5 },
    });
    await sent(1000);
    await bridge.client.flush();
    expect(bridge.client.stats().errors.sent).toBe(MAX_WAITING_EVENTS);
    expect(bridge.transport.transactions()).toHaveLength(1);
  });

  it("are bounded in the characters of their spans", async () => {
    const bridge = startBridge({
      maxBufferedBytes: 20_000,
      beforeSendTransaction: (event) => later(event),
    });
    for (let index = 0; index < 30; index++) {
      bridge.tracer.startSpan("root", { attributes: { text: "x".repeat(3000) } }).end();
    }
    const { queued, dropped } = bridge.client.stats().transactions;
    expect(queued).toBeLessThan(10);
    expect(dropped).toEqual({ queue_overflow: 30 - queued });
    await sent(1000);
  });
});

describe("under random latencies", () => {
  it("every event is accounted for at every moment, and those of one latency stay in order", async () => {
    const step = fc.record({
      kind: fc.constantFrom(...KINDS),
      latency: fc.constantFrom(undefined, 0, 1, 10, 100),
      result: fc.constantFrom("keep", "drop", "reject", "throw"),
      pause: fc.constantFrom(0, 0, 1, 50),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const bridge = startBridge();
        let expected = 0;
        for (const { kind, latency, result, pause } of steps) {
          capture(kind, bridge, (event) => {
            if (result === "throw") return failing();
            const value = result === "drop" ? null : event;
            if (latency === undefined) return value;
            return later(value, latency).then((late) => (result === "reject" ? failing() : late));
          });
          if (result !== "drop") expected += 1;
          assertAccounted(bridge.client);
          await vi.advanceTimersByTimeAsync(pause);
          assertAccounted(bridge.client);
        }
        const flushing = bridge.client.flush();
        await sent(200);
        expect(await flushing).toBe(true);
        assertAccounted(bridge.client);
        const { byCategory } = bridge.client.stats();
        const total = KINDS.reduce((sum, kind) => sum + (byCategory[kind]?.sent ?? 0), 0);
        expect(total).toBe(expected);
      }),
      times(200),
    );
  });
});
