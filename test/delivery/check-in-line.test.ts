import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { CheckInState, EncodedEnvelope } from "../../src/protocol/envelope.js";
import { CheckInOrder } from "../../src/delivery/check-in-order.js";
import { drain, namesIn, spoolDirectory, spoolIn } from "./spool/spool-support.js";
import { memorySpool } from "./spool/memory-spool.js";
import type { Bench } from "./sender-bench.js";
import { answer, bench } from "./sender-bench.js";
import { envelopeOf } from "./support.js";
import { eventually } from "../time/wait-for.js";

const ID = "a".repeat(32);

function checkIn(state: Partial<CheckInState> = {}): EncodedEnvelope {
  const whole = { id: ID, isOpen: false, hasConfig: true, ...state };
  return { ...envelopeOf("monitor"), checkIn: whole };
}

async function enqueued(envelopes: readonly EncodedEnvelope[], settings = {}): Promise<Bench> {
  const opened = bench(settings);
  for (const envelope of envelopes) opened.sender.enqueue(envelope);
  await opened.timers.turn();
  return opened;
}

function idsOf(envelopes: readonly EncodedEnvelope[]): unknown[] {
  return envelopes.map(({ eventId }) => eventId);
}

// One slot, which an error holds.
async function waiting(envelopes: readonly EncodedEnvelope[], millis: number): Promise<Bench> {
  const opened = await enqueued([envelopeOf("error")], {
    minConcurrency: 1,
    maxConcurrency: 1,
    stalledConcurrency: 0,
  });
  for (const envelope of envelopes) opened.sender.enqueue(envelope);
  opened.clock.now += millis;
  opened.transport.release(answer(200));
  await opened.timers.turn();
  return opened;
}

describe("check-ins of one run", () => {
  it("are sent one after the other", async () => {
    const both = [checkIn({ isOpen: true }), checkIn()];
    const { transport, timers } = await enqueued(both);
    expect(idsOf(transport.sent)).toEqual(idsOf(both.slice(0, 1)));
    transport.release(answer(200));
    await timers.turn();
    expect(idsOf(transport.sent)).toEqual(idsOf(both));
  });

  it("do not wait for those of another run", async () => {
    const both = [checkIn({ isOpen: true }), checkIn({ id: "b".repeat(32) })];
    const { transport } = await enqueued(both);
    expect(idsOf(transport.sent)).toEqual(idsOf(both));
  });

  it("are also sent after one that was refused or rate-limited", async () => {
    const both = [checkIn({ isOpen: true }), checkIn()];
    const { transport, timers } = await enqueued(both);
    transport.release(answer(400));
    await timers.turn();
    expect(idsOf(transport.sent)).toEqual(idsOf(both));
  });

  it("are queued while they wait, and a flush waits for them", async () => {
    const { sender, transport, timers } = await enqueued([checkIn({ isOpen: true }), checkIn()]);
    expect(sender.stats().queued).toEqual({ monitor: 2 });
    const flushed = sender.flush(10_000);
    await timers.turn();
    transport.release(answer(200));
    await timers.turn();
    transport.release(answer(200));
    expect(await flushed).toBe(true);
    expect(sender.stats()).toMatchObject({ queued: {}, delivered: { monitor: 2 } });
  });

  it("wait half of a flush for one that gets no answer", async () => {
    const { sender, transport, timers, clock } = await enqueued([
      checkIn({ isOpen: true }),
      checkIn(),
    ]);
    clock.now += 500;
    void sender.flush(1000);
    await timers.advance(499);
    expect(transport.sent).toHaveLength(1);
    await timers.advance(1);
    expect(transport.sent).toHaveLength(2);
  });

  it("wait a minute for one that gets no answer", async () => {
    const { transport, timers, clock } = await enqueued([checkIn({ isOpen: true }), checkIn()]);
    const pass = async (millis: number): Promise<void> => {
      for (let passed = 0; passed < millis; passed += 5000) {
        clock.now += 5000;
        await timers.advance(5000);
      }
    };
    await pass(55_000);
    expect(transport.sent).toHaveLength(1);
    await pass(5000);
    expect(transport.sent).toHaveLength(2);
  });

  it("are counted when the sender is closed while they wait", async () => {
    const { sender, timers, recorder } = await enqueued([checkIn({ isOpen: true }), checkIn()]);
    const closed = sender.close(100);
    await timers.advance(100);
    await timers.advance(500);
    expect(await closed).toBe(false);
    expect(sender.stats().queued).toEqual({});
    expect(recorder.snapshot()).toEqual({ monitor: { closed: 2 } });
  });
});

describe("an `in_progress` whose end is there", () => {
  it("is sent before it, however long both have waited", async () => {
    const [open, end] = [checkIn({ isOpen: true }), checkIn()];
    const { transport, timers, recorder } = await waiting([open, end], 60_000);
    transport.release(answer(200));
    await timers.turn();
    expect(idsOf(transport.sent.slice(1))).toEqual(idsOf([open, end]));
    expect(recorder.snapshot()).toEqual({});
  });

  it("is dropped first when the queue is full, and is not reported as a loss", async () => {
    const [open, end] = [checkIn({ isOpen: true }), checkIn()];
    const other = checkIn({ id: "b".repeat(32) });
    const { sender, recorder, transport, timers } = await enqueued([envelopeOf("error")], {
      minConcurrency: 1,
      maxConcurrency: 1,
      stalledConcurrency: 0,
      maxBufferedItems: 2,
    });
    for (const each of [open, end, other]) sender.enqueue(each);
    expect(recorder.snapshot()).toEqual({ monitor: { superseded: 1 } });
    expect(recorder.hasPending).toBe(false);
    for (const _ of [end, other]) {
      transport.release(answer(200));
      await timers.turn();
    }
    expect(idsOf(transport.sent.slice(1))).toEqual(idsOf([end, other]));
  });

  it.each([
    ["only it has the monitor's configuration", checkIn({ hasConfig: false })],
    ["the other is of another run", checkIn({ id: "b".repeat(32) })],
    ["the other says as well that it is in progress", checkIn({ isOpen: true })],
  ])("is a loss in a full queue where %s", async (_why, other) => {
    const { sender, recorder } = await enqueued([envelopeOf("error")], {
      minConcurrency: 1,
      maxConcurrency: 1,
      stalledConcurrency: 0,
      maxBufferedItems: 1,
    });
    for (const each of [checkIn({ isOpen: true }), other]) sender.enqueue(each);
    expect(recorder.snapshot()).toEqual({ monitor: { queue_overflow: 1 } });
  });
});

// The name of a file that is still being written goes on behind that.
function isWritten(name: string): boolean {
  return name.endsWith(".envelope");
}

describe("a check-in that the queue has evicted to the disk", () => {
  const FULL = {
    minConcurrency: 1,
    maxConcurrency: 1,
    stalledConcurrency: 0,
    maxBufferedItems: 1,
  };

  it("is not overtaken by the end of its run, which is spooled behind it", async () => {
    const directory = await spoolDirectory();
    const spool = spoolIn(directory);
    const { sender, transport, timers } = await enqueued([envelopeOf("error")], { ...FULL, spool });
    const [open, end] = [checkIn({ isOpen: true, hasConfig: true }), checkIn({ hasConfig: false })];
    sender.enqueue(open);
    sender.enqueue(end);
    // The end begins while the other is still being written.
    transport.release(answer(200));
    await timers.turn();
    expect(transport.sent).toHaveLength(1);
    await eventually(async () => (await namesIn(directory)).filter(isWritten).length === 2);
    const claimed = await drain(spoolIn(directory));
    expect(claimed.map(({ envelope }) => envelope.checkIn?.isOpen)).toEqual([true, false]);
    expect(sender.stats().queued).toEqual({});
  });

  it("does not hold back the end of its run if it could not be written", async () => {
    const spool = { ...memorySpool(), holdsCheckIn: () => false };
    const { sender, transport, timers, recorder } = await enqueued([envelopeOf("error")], {
      ...FULL,
      spool,
    });
    const [open, end] = [checkIn({ isOpen: true, hasConfig: true }), checkIn({ hasConfig: false })];
    sender.enqueue(open);
    sender.enqueue(end);
    transport.release(answer(200));
    await timers.turn();
    expect(transport.sent).toHaveLength(1);
    spool.write(false);
    await timers.turn();
    expect(idsOf(transport.sent.slice(1))).toEqual(idsOf([end]));
    expect(recorder.snapshot()).toEqual({ monitor: { queue_overflow: 1 } });
  });
});

describe("the order of check-ins", () => {
  it("is that of their capture per run, whatever ends first, and none is lost or held forever", () => {
    const step = fc.record({ id: fc.integer({ min: 0, max: 3 }), ends: fc.boolean() });
    const property = fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const order = new CheckInOrder();
      const begun = new Map<string, EncodedEnvelope[]>();
      const captured = new Map<string, EncodedEnvelope[]>();
      const underWay = new Map<string, EncodedEnvelope>();
      const start = (envelope: EncodedEnvelope, id: string): void => {
        begun.set(id, [...(begun.get(id) ?? []), envelope]);
        underWay.set(id, envelope);
      };
      const end = (id: string): void => {
        const head = underWay.get(id);
        if (head === undefined) return;
        underWay.delete(id);
        order.ended(head, id);
        const next = order.next(id);
        if (next?.checkIn !== undefined && order.begin(next, next.checkIn)) start(next, id);
      };
      for (const { id: number, ends } of steps) {
        const id = String(number).repeat(32);
        if (ends) {
          end(id);
          continue;
        }
        const state = { id, isOpen: false, hasConfig: false };
        const envelope = checkIn(state);
        captured.set(id, [...(captured.get(id) ?? []), envelope]);
        order.entered(envelope, state);
        order.left(envelope, state);
        if (order.begin(envelope, state)) start(envelope, id);
      }
      while (underWay.size > 0) for (const id of underWay.keys()) end(id);
      expect(begun).toEqual(captured);
      expect([...order]).toEqual([]);
      expect(order.bytes).toBe(0);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("holds at most 10 check-ins of one run behind another", () => {
    const order = new CheckInOrder();
    const all = Array.from({ length: 13 }, () => checkIn());
    const state = { id: ID, isOpen: false, hasConfig: true };
    const excess = all.map((envelope) => {
      order.begin(envelope, state);
      return order.excess(state);
    });
    expect(excess.filter((envelope) => envelope !== undefined)).toEqual(all.slice(1, 3));
  });
});
