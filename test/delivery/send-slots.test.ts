import { describe, expect, it } from "vitest";

import { MemoryBound } from "../../src/delivery/memory-bound.js";
import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import { times } from "./in-sequence.js";
import { bench, failure } from "./sender-bench.js";
import { envelopeOf } from "./support.js";

describe("while answers stay away", () => {
  const held = { minConcurrency: 4, maxConcurrency: 4, stalledConcurrency: 3 };

  it("one more envelope goes out every half second, up to the bound", async () => {
    const { sender, transport, timers, clock } = bench(held);
    for (let count = 0; count < 20; count += 1) sender.enqueue(envelopeOf());
    await timers.turn();
    const sent = [transport.sent.length];
    await times(5, async () => {
      clock.now += 500;
      await timers.advance(500);
      sent.push(transport.sent.length);
    });
    expect(sent).toEqual([4, 5, 6, 7, 7, 7]);
  });

  it("a server that is back is used at once, although the first ones still wait", async () => {
    const { sender, transport, timers, clock } = bench(held);
    for (let count = 0; count < 20; count += 1) sender.enqueue(envelopeOf());
    await timers.turn();
    const stuck = transport.held;
    clock.now += 500;
    await timers.advance(500);
    // The newest one is answered, and then each that takes its slot.
    await times(16, async () => {
      transport.releaseNewest();
      await timers.turn();
    });
    expect(sender.stats().envelopesSent).toBe(16);
    expect(transport.held).toBe(stuck);
  });
});

it("lost sends do not slow the others down once the server answers again", async () => {
  const { sender, transport, timers, clock } = bench({ maxConcurrency: 64 });
  for (let count = 0; count < 200; count += 1) sender.enqueue(envelopeOf());
  await timers.turn();
  const lost = transport.held;
  expect(lost).toBeGreaterThan(20);
  clock.now += 500;
  await timers.advance(500);
  // All without any more time: each answer lets the next ones go.
  for (let answers = 0; answers < 200 - lost; answers += 1) {
    transport.releaseNewest();
    await timers.turn();
  }
  expect(sender.stats()).toMatchObject({ envelopesSent: 200 - lost, queuedItems: 0 });
  expect(transport.held).toBe(lost);
});

it("lost sends do not hold back a short queue", async () => {
  const { sender, transport, timers, clock } = bench({ maxConcurrency: 64 });
  for (let count = 0; count < 300; count += 1) sender.enqueue(envelopeOf());
  await timers.turn();
  const lost = transport.held;
  clock.now += 500;
  await timers.advance(500);
  while (sender.stats().queuedItems > 0) {
    transport.releaseNewest();
    await timers.turn();
  }
  while (transport.held > lost) {
    transport.releaseNewest();
    await timers.turn();
  }
  sender.enqueue(envelopeOf());
  await timers.turn();
  expect(transport.held).toBe(lost + 1);
});

it("a server that falls silent again gets one more envelope every half second again", async () => {
  const { sender, transport, timers, clock } = bench({
    minConcurrency: 2,
    maxConcurrency: 2,
    stalledConcurrency: 4,
  });
  for (let count = 0; count < 20; count += 1) sender.enqueue(envelopeOf());
  await timers.turn();
  clock.now += 500;
  await timers.advance(500);
  transport.releaseNewest();
  await timers.turn();
  // Two are lost; of the others, as many go out as if those were not there.
  expect(transport.held).toBe(4);
  clock.now += 500;
  await timers.advance(500);
  expect(transport.held).toBe(5);
  clock.now += 500;
  await timers.advance(500);
  expect(transport.held).toBe(6);
});

it("an error does not wait for a slot that transactions hold", async () => {
  const { sender, transport, timers } = bench();
  for (let count = 0; count < 5; count += 1) sender.enqueue(envelopeOf());
  await timers.turn();
  expect(transport.sent).toHaveLength(4);
  for (const category of ["error", "monitor"] as const) sender.enqueue(envelopeOf(category));
  await timers.turn();
  expect(transport.sent.slice(4).map(({ category }) => category)).toEqual(["monitor", "error"]);
});

it("as many errors as are reserved go out while all slots are taken, and nothing else does", async () => {
  const reserved = { stalledConcurrency: 0, urgentConcurrency: 10 };
  const { sender, transport, timers, clock } = bench({ maxConcurrency: 16, ...reserved });
  for (let count = 0; count < 100; count += 1) sender.enqueue(envelopeOf());
  await timers.turn();
  expect(transport.held).toBe(16);
  clock.now += 60_000;
  await timers.advance(60_000);
  expect(transport.held).toBe(16);
  for (let count = 0; count < 20; count += 1) sender.enqueue(envelopeOf("error"));
  await timers.turn();
  expect(transport.sent.slice(16).map(({ category }) => category)).toEqual(
    Array.from({ length: 10 }, () => "error"),
  );
});

it("an error is sent at once, however many transactions get no answer", async () => {
  const bounds = { maxConcurrency: 8, stalledConcurrency: 4 };
  const { sender, transport, timers, clock } = bench(bounds);
  for (let count = 0; count < 40; count += 1) sender.enqueue(envelopeOf());
  await timers.turn();
  await times(10, async () => {
    clock.now += 500;
    await timers.advance(500);
  });
  expect(transport.held).toBe(12);
  await times(3, async () => {
    sender.enqueue(envelopeOf("error"));
    await timers.turn();
    expect(transport.sent.at(-1)?.category).toBe("error");
    transport.releaseNewest();
    // Its answer lets transactions take the places of those that it has overtaken.
    clock.now += 500;
    await timers.advance(500);
  });
});

it("envelopes in flight count towards the bound on bytes", async () => {
  const envelope = envelopeOf("transaction", { payloadBytes: 1000 });
  const { sender, transport, timers, recorder } = bench({
    memory: new MemoryBound(3.5 * envelope.body.length),
    minConcurrency: 2,
  });
  sender.enqueue(envelope);
  sender.enqueue(envelopeOf("transaction", { payloadBytes: 1000 }));
  await timers.turn();
  expect(sender.stats()).toMatchObject({ inFlight: 2, queuedBytes: 0 });
  for (let count = 0; count < 3; count += 1)
    sender.enqueue(envelopeOf("transaction", { payloadBytes: 1000 }));
  expect(recorder.snapshot()).toEqual({ transaction: { queue_overflow: 2 } });
  transport.releaseAll(failure("ECONNRESET"));
  await timers.turn();
  expect(recorder.snapshot().transaction).toEqual({ queue_overflow: 2, network_error: 2 });
});

const large = (): EncodedEnvelope => envelopeOf("transaction", { payloadBytes: 1000 });

it("envelopes in flight take half of the bound at most, except for errors", async () => {
  const { sender, transport, timers } = bench({
    memory: new MemoryBound(8 * large().body.length),
    minConcurrency: 10,
  });
  for (let count = 0; count < 6; count += 1) sender.enqueue(large());
  await timers.turn();
  expect(sender.stats()).toMatchObject({ inFlight: 4, queuedItems: 2 });
  sender.enqueue(envelopeOf("error"));
  await timers.turn();
  expect(sender.stats()).toMatchObject({ inFlight: 5, queuedItems: 2 });
  transport.releaseAll();
  await timers.turn();
  expect(sender.stats()).toMatchObject({ inFlight: 2, queuedItems: 0 });
});

it("the age of the oldest envelope is reported, waiting or in flight", async () => {
  const { sender, transport, timers, clock } = bench({ minConcurrency: 1, maxConcurrency: 1 });
  expect(sender.stats().oldestQueuedMillis).toBe(0);
  sender.enqueue(envelopeOf());
  await timers.turn();
  clock.now += 300;
  sender.enqueue(envelopeOf());
  clock.now += 100;
  expect(sender.stats().oldestQueuedMillis).toBe(400);
  transport.release();
  await timers.turn();
  expect(sender.stats().oldestQueuedMillis).toBe(0);
});
