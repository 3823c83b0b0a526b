import { describe, expect, it } from "vitest";

import { heldTransport } from "./held-transport.js";
import { answer, bench } from "./sender-bench.js";
import { DELIVERED, envelopeOf } from "./support.js";

describe("flush", () => {
  it("resolves at once when there is nothing to wait for", async () => {
    const { sender, timers } = bench();
    expect(await sender.flush(1000)).toBe(true);
    expect(timers.pending).toBe(0);
  });

  it("resolves to true once everything has an outcome, and leaves no timer", async () => {
    const { sender, transport, timers } = bench();
    for (let count = 0; count < 2; count += 1) sender.enqueue(envelopeOf());
    const flushed = sender.flush(1000);
    transport.release();
    transport.release(answer(500));
    expect(await flushed).toBe(true);
    expect(timers.pending).toBe(0);
  });

  it("resolves with false at its time-out, and the sender goes on", async () => {
    const { sender, transport, timers } = bench();
    sender.enqueue(envelopeOf());
    const flushed = sender.flush(1000);
    await timers.advance(999);
    await timers.advance(1);
    expect(await flushed).toBe(false);
    transport.release();
    await timers.turn();
    expect(sender.stats().envelopesSent).toBe(1);
  });

  it("counts the answers that are read in the turn in which its time-out passes", async () => {
    const { sender, transport, timers } = bench();
    sender.enqueue(envelopeOf());
    const flushed = sender.flush(1000);
    const turned = timers.advance(1000);
    transport.release();
    await turned;
    expect(await flushed).toBe(true);
  });

  it("does not wait for what is enqueued after it", async () => {
    const { sender, transport, timers } = bench({ maxConcurrency: 1 });
    sender.enqueue(envelopeOf("transaction"));
    const flushed = sender.flush(1000);
    // More important, so these overtake nothing that is in flight but all that waits.
    for (let count = 0; count < 10; count += 1) sender.enqueue(envelopeOf("error"));
    transport.release();
    expect(await flushed).toBe(true);
    await timers.turn();
    expect(sender.stats().queued).toEqual({ error: 10 });
  });

  it("can be called by several at a time, each with its own time-out", async () => {
    const { sender, transport, timers } = bench();
    sender.enqueue(envelopeOf());
    const [short, long] = [sender.flush(10), sender.flush(1000)];
    await timers.advance(10);
    expect(await short).toBe(false);
    transport.release();
    expect(await long).toBe(true);
  });

  it("does not wait for envelopes that are evicted meanwhile", async () => {
    const { sender, transport } = bench({ maxBufferedItems: 1, maxConcurrency: 1 });
    sender.enqueue(envelopeOf("error"));
    const first = sender.flush(1000);
    sender.enqueue(envelopeOf("log_item"));
    const second = sender.flush(1000);
    sender.enqueue(envelopeOf("error"));
    transport.release();
    expect(await Promise.all([first, second])).toEqual([true, true]);
  });
});

describe("close", () => {
  it("flushes, closes the transport once, and then takes nothing", async () => {
    const { sender, transport, recorder } = bench();
    sender.enqueue(envelopeOf());
    const closed = sender.close(1000);
    expect(sender.close(1)).toBe(closed);
    transport.release();
    expect(await closed).toBe(true);
    sender.enqueue(envelopeOf("error"));
    expect(recorder.snapshot()).toEqual({ error: { closed: 1 } });
    expect(transport.closes).toBe(1);
  });

  it.each(["fail", "ignore"] as const)(
    "records what is left at its time-out as closed, where the transport's close does %s",
    async (onClose) => {
      const { sender, timers, recorder, transport } = bench(
        { maxConcurrency: 2 },
        heldTransport({ onClose }),
      );
      for (let count = 0; count < 5; count += 1) sender.enqueue(envelopeOf());
      const closed = sender.close(1000);
      await timers.advance(1000);
      expect(await closed).toBe(false);
      transport.releaseAll();
      await timers.turn();
      expect(recorder.snapshot()).toEqual({ transaction: { closed: 5 } });
      expect(sender.stats()).toMatchObject({ queued: {}, delivered: {}, inFlight: 0 });
    },
  );

  it("does not wait forever for a transport that does not close", async () => {
    const { sender, timers } = bench({}, heldTransport({ onClose: "hang" }));
    const closed = sender.close(1000);
    await timers.turn();
    await timers.advance(500);
    expect(await closed).toBe(true);
    expect(timers.pending).toBe(0);
  });

  it("does not pass on an error of the transport's close", async () => {
    const transport = {
      send: async () => DELIVERED,
      close: () => Promise.reject(new Error("a bug")),
    };
    const { sender, timers, warnings } = bench({ transport });
    expect(await sender.close(1000)).toBe(true);
    expect(timers.pending).toBe(0);
    expect(warnings).toEqual([expect.stringContaining("could not be closed")]);
  });
});
