import { describe, expect, it } from "vitest";

import { heldTransport } from "./held-transport.js";
import { memorySpool } from "./spool/memory-spool.js";
import { answer, bench, failure } from "./sender-bench.js";
import { envelopeOf } from "./support.js";

describe("with a spool", () => {
  it("an envelope without a response is spooled, and counts as queued until it is written", async () => {
    const spool = memorySpool();
    const { sender, transport, timers, recorder } = bench({ spool });
    const envelope = envelopeOf();
    sender.enqueue(envelope);
    const flushed = sender.flush(1000);
    await timers.turn();
    transport.release(failure("ECONNREFUSED"));
    await timers.turn();
    expect(sender.stats().queued).toEqual({ transaction: 1 });
    spool.write();
    expect(await flushed).toBe(true);
    expect(spool.kept).toEqual([envelope]);
    expect(sender.stats()).toMatchObject({ queued: {}, inFlight: 0 });
    expect(recorder.snapshot()).toEqual({});
  });

  it("an envelope that cannot be written is a network_error, as without a spool", async () => {
    const spool = memorySpool();
    const { sender, transport, timers, recorder } = bench({ spool });
    sender.enqueue(envelopeOf());
    await timers.turn();
    transport.release(failure("ECONNREFUSED"));
    await timers.turn();
    spool.write(false);
    await timers.turn();
    expect(recorder.snapshot()).toEqual({ transaction: { network_error: 1 } });
  });

  it("an envelope that cannot be written and cannot have arrived is sent again if sends wait for the server", async () => {
    const spool = memorySpool();
    const transport = Object.assign(heldTransport(), { holdsSends: true });
    const { sender, timers, recorder } = bench({ spool }, transport);
    sender.enqueue(envelopeOf());
    await timers.turn();
    transport.release({ outcome: "retryable", error: new Error("refused"), phase: "connect" });
    await timers.turn();
    spool.write(false);
    await timers.turn();
    expect([transport.sent.length, transport.held]).toEqual([2, 1]);
    expect(sender.stats().queued).toEqual({ transaction: 1 });
    transport.release();
    await timers.turn();
    expect(sender.stats()).toMatchObject({ queued: {}, delivered: { transaction: 1 } });
    expect(recorder.snapshot()).toEqual({});
  });

  it.each(["answer", "timeout", "refused"] as const)(
    "what the disk does not take and the server may have seen (%s) is a network_error",
    async (phase) => {
      const spool = memorySpool({ isFull: true });
      const transport = Object.assign(heldTransport(), { holdsSends: true });
      const { sender, timers, recorder } = bench({ spool }, transport);
      sender.enqueue(envelopeOf());
      await timers.turn();
      transport.release({ outcome: "retryable", error: new Error("lost"), phase });
      await timers.turn();
      spool.write();
      await timers.turn();
      expect(transport.sent).toHaveLength(1);
      expect(recorder.snapshot()).toEqual({ transaction: { network_error: 1 } });
    },
  );

  it("an envelope that the server refuses is not spooled", async () => {
    const spool = memorySpool();
    const { sender, transport, timers, recorder } = bench({ spool });
    sender.enqueue(envelopeOf());
    await timers.turn();
    transport.release(answer(400));
    await timers.turn();
    expect(spool.kept).toEqual([]);
    expect(recorder.snapshot()).toEqual({ transaction: { send_error: 1 } });
  });

  it("a slow disk holds the slots, so that no more envelopes than that wait for it", async () => {
    const spool = memorySpool();
    const { sender, transport, timers } = bench({ spool, maxConcurrency: 2, minConcurrency: 2 });
    for (let count = 0; count < 10; count += 1) sender.enqueue(envelopeOf());
    await timers.turn();
    transport.releaseAll(failure("ECONNREFUSED"));
    await timers.turn();
    expect(transport.sent).toHaveLength(2);
    spool.write();
    await timers.turn();
    expect(transport.sent).toHaveLength(4);
  });

  it("an envelope that a full queue evicts is spooled, and lost only if the disk is too slow", async () => {
    const spool = memorySpool();
    const { sender, timers, recorder } = bench({ spool, maxBufferedItems: 1 });
    for (let count = 0; count < 3; count += 1) sender.enqueue(envelopeOf());
    expect(sender.stats().queued).toEqual({ transaction: 3 });
    spool.write();
    await timers.turn();
    expect(spool.kept).toHaveLength(2);
    for (let count = 0; count < 30; count += 1)
      sender.enqueue(envelopeOf("transaction", { payloadBytes: 1_000_000 }));
    const lost = recorder.snapshot().transaction?.queue_overflow ?? 0;
    expect(lost).toBeGreaterThan(20);
    spool.write();
    await timers.turn();
    expect(spool.kept.length + lost + (sender.stats().queued.transaction ?? 0)).toBe(33);
  });

  it.each(["fail", "ignore"] as const)(
    "what is left at the time-out of close is kept, where the transport's close does %s",
    async (onClose) => {
      const spool = memorySpool();
      const { sender, timers, recorder } = bench(
        { spool, maxConcurrency: 2 },
        heldTransport({ onClose }),
      );
      for (let count = 0; count < 5; count += 1) sender.enqueue(envelopeOf());
      const closed = sender.close(1000);
      await timers.advance(1000);
      expect(await closed).toBe(false);
      expect(spool.kept).toHaveLength(5);
      expect(recorder.snapshot()).toEqual({});
    },
  );

  it("leave spools waiting envelopes and those in flight synchronously", async () => {
    const spool = memorySpool();
    const { sender, timers } = bench({ spool, maxConcurrency: 2, minConcurrency: 2 });
    for (let count = 0; count < 5; count += 1) sender.enqueue(envelopeOf());
    await timers.turn();
    sender.atExit();
    expect(spool.kept).toHaveLength(5);
    expect(sender.stats().queued).toEqual({});
  });

  it("leave counts waiting envelopes that cannot be written as closed; those in flight stay in flight", async () => {
    const spool = memorySpool({ isFull: true });
    const { sender, timers, recorder } = bench({ spool, maxConcurrency: 2, minConcurrency: 2 });
    for (let count = 0; count < 5; count += 1) sender.enqueue(envelopeOf());
    await timers.turn();
    sender.atExit();
    expect(sender.stats().queued).toEqual({ transaction: 2 });
    expect(recorder.snapshot()).toEqual({ transaction: { closed: 3 } });
  });
});
