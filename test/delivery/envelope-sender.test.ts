import { AsyncLocalStorage } from "node:async_hooks";

import { describe, expect, it } from "vitest";

import { heldTransport } from "./held-transport.js";
import { times } from "./in-sequence.js";
import { bench } from "./sender-bench.js";
import { envelopeOf } from "./support.js";

describe("enqueue", () => {
  it("sends nothing on the caller's stack", async () => {
    const { sender, transport, timers } = bench();
    sender.enqueue(envelopeOf());
    expect(transport.sent).toHaveLength(0);
    await timers.turn();
    expect(transport.sent).toHaveLength(1);
  });

  it("starts no timer", async () => {
    const { sender, timers } = bench();
    sender.enqueue(envelopeOf());
    await timers.turn();
    expect(timers.pending).toBe(0);
  });

  it("starts a burst by priority, not by arrival", async () => {
    const { sender, transport, timers } = bench({ maxConcurrency: 1 });
    for (const category of ["log_item", "transaction", "error"] as const)
      sender.enqueue(envelopeOf(category));
    await times(3, async () => {
      await timers.turn();
      transport.release();
    });
    expect(transport.sent.map(({ category }) => category)).toEqual([
      "error",
      "transaction",
      "log_item",
    ]);
  });

  it("sends outside of the unit of work that enqueues", async () => {
    const unit = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const transport = heldTransport();
    const { sender } = bench({
      timers: {
        after: () => () => {},
        inBackground: () => () => {},
        soon: (run) => void setImmediate(run),
      },
      runDetached: (run) => unit.exit(run),
      transport: {
        close: () => transport.close(),
        send: (envelope) => {
          seen.push(unit.getStore());
          return transport.send(envelope);
        },
      },
    });
    unit.run("a request", () => {
      for (let count = 0; count < 20; count += 1) sender.enqueue(envelopeOf());
      void sender.flush(1000);
    });
    await times(60, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      transport.release();
    });
    expect(seen).toHaveLength(20);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });
});

describe("concurrency", () => {
  it("is four while few envelopes wait", async () => {
    const { sender, transport, timers } = bench();
    for (let count = 0; count < 5; count += 1) sender.enqueue(envelopeOf());
    await timers.turn();
    expect(transport.held).toBe(4);
    transport.release();
    await timers.turn();
    expect(transport.sent).toHaveLength(5);
  });

  it("grows with the backlog up to its bound, and shrinks with it", async () => {
    const { sender, transport, timers } = bench({ maxConcurrency: 16 });
    for (let count = 0; count < 400; count += 1) sender.enqueue(envelopeOf());
    await timers.turn();
    expect(transport.held).toBe(16);
    await times(396, () => {
      transport.release();
      return timers.turn();
    });
    expect(transport.sent).toHaveLength(400);
    expect(transport.held).toBeLessThanOrEqual(5);
  });
});

it("after unref, a capture schedules nothing that keeps the process alive", async () => {
  const { sender, timers, transport } = bench();
  sender.unref();
  sender.enqueue(envelopeOf());
  await timers.turn();
  expect(transport.sent).toHaveLength(0);
  await timers.advance(1);
  expect(transport.sent).toHaveLength(1);
});
