import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { DataCategory } from "../../src/protocol/data-category.js";
import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import type { EnvelopeQueue } from "../../src/delivery/envelope-queue.js";
import { createEnvelopeQueue } from "../../src/delivery/envelope-queue.js";
import { MemoryBound } from "../../src/delivery/memory-bound.js";
import { cpuTime } from "../time/measure.js";

const ROOMY = { maxBytes: 1_000_000, maxItems: 1000 };

interface QueueBench {
  readonly queue: EnvelopeQueue;
  /** Adds an envelope; returns what was evicted for it. */
  readonly add: (envelope: EncodedEnvelope) => readonly EncodedEnvelope[];
}

function queueOf({ maxBytes, maxItems } = ROOMY): QueueBench {
  let evicted: EncodedEnvelope[] = [];
  const queue = createEnvelopeQueue({
    maxItems,
    memory: new MemoryBound(maxBytes),
    onEvicted: (envelope) => void evicted.push(envelope),
  });
  return {
    queue,
    add(envelope) {
      evicted = [];
      queue.push(envelope);
      return evicted;
    },
  };
}

function sized(category: DataCategory, bytes = 100): EncodedEnvelope {
  return { eventId: undefined, category, body: Buffer.alloc(bytes), contents: [] };
}

function drain(queue: EnvelopeQueue): EncodedEnvelope[] {
  const taken: EncodedEnvelope[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) taken.push(next);
  return taken;
}

describe("the order", () => {
  it("is check-ins, then sessions and errors, then feedback, transactions, spans, and the rest", () => {
    const { queue } = queueOf();
    const pushed: DataCategory[] = [
      "internal",
      "log_item",
      "trace_metric",
      "span",
      "transaction",
      "feedback",
      "error",
      "session",
      "monitor",
    ];
    for (const category of pushed) queue.push(sized(category));
    expect(drain(queue).map(({ category }) => category)).toEqual([
      "monitor",
      "error",
      "session",
      "feedback",
      "transaction",
      "span",
      "internal",
      "log_item",
      "trace_metric",
    ]);
  });

  it("is that of arrival within a priority", () => {
    const { queue } = queueOf();
    const envelopes = Array.from({ length: 200 }, () => sized("transaction"));
    for (const envelope of envelopes) queue.push(envelope);
    expect([...queue]).toEqual(envelopes);
    expect(drain(queue)).toEqual(envelopes);
  });
});

describe("a full queue", () => {
  it("evicts the lowest priority first, and the oldest of it", () => {
    const { queue, add } = queueOf({ ...ROOMY, maxItems: 3 });
    const [oldLog, newLog, transaction] = [
      sized("log_item"),
      sized("log_item"),
      sized("transaction"),
    ];
    for (const envelope of [oldLog, newLog, transaction]) queue.push(envelope);
    expect(add(sized("error"))).toEqual([oldLog]);
    expect(add(sized("error"))).toEqual([newLog]);
    expect(add(sized("error"))).toEqual([transaction]);
  });

  it("evicts the new envelope when all others have a higher priority", () => {
    const { queue, add } = queueOf({ ...ROOMY, maxItems: 1 });
    const error = sized("error");
    const log = sized("log_item");
    queue.push(error);
    expect(add(log)).toEqual([log]);
    expect(drain(queue)).toEqual([error]);
  });

  it("evicts as many as necessary for a large one", () => {
    const { queue, add } = queueOf({ ...ROOMY, maxBytes: 1000 });
    const small = Array.from({ length: 10 }, () => sized("transaction", 100));
    for (const envelope of small) queue.push(envelope);
    expect(add(sized("transaction", 250))).toEqual(small.slice(0, 3));
    expect(queue.bytes).toBe(950);
  });

  it("does not evict others for one that is larger than the bound", () => {
    const { queue, add } = queueOf({ ...ROOMY, maxBytes: 1000 });
    queue.push(sized("log_item"));
    const huge = sized("error", 1001);
    expect(add(huge)).toEqual([huge]);
    expect(queue.items).toBe(1);
  });
});

describe("any sequence of pushes and shifts", () => {
  const categories: DataCategory[] = [
    "monitor",
    "error",
    "feedback",
    "transaction",
    "span",
    "log_item",
    "internal",
  ];
  const push = fc.record({
    category: fc.constantFrom(...categories),
    bytes: fc.integer({ min: 1, max: 400 }),
  });
  const steps = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: push },
      { weight: 1, arbitrary: fc.constant("shift" as const) },
    ),
    { maxLength: 300 },
  );
  const bounds = fc.record({
    maxBytes: fc.integer({ min: 1, max: 3000 }),
    maxItems: fc.integer({ min: 1, max: 30 }),
  });

  it("stays within both bounds and loses nothing silently", () => {
    fc.assert(
      fc.property(bounds, steps, (limits, sequence) => {
        const { queue, add } = queueOf(limits);
        const pushed = new Set<EncodedEnvelope>();
        const left = new Set<EncodedEnvelope>();
        const leave = (envelope: EncodedEnvelope): void => {
          expect(left.has(envelope)).toBe(false);
          left.add(envelope);
        };
        for (const step of sequence) {
          if (step === "shift") {
            const next = queue.shift();
            if (next !== undefined) leave(next);
          } else {
            const envelope = sized(step.category, step.bytes);
            pushed.add(envelope);
            for (const evicted of add(envelope)) leave(evicted);
          }
          const waiting = [...queue];
          expect(queue.items).toBe(waiting.length);
          expect(queue.bytes).toBe(waiting.reduce((sum, { body }) => sum + body.length, 0));
          expect(queue.items <= limits.maxItems && queue.bytes <= limits.maxBytes).toBe(true);
        }
        for (const envelope of drain(queue)) leave(envelope);
        expect(left).toEqual(pushed);
      }),
    );
  });
});

it("takes the same time for each shift, however many wait", () => {
  const { queue } = queueOf({ maxBytes: Infinity, maxItems: Infinity });
  const envelope = sized("transaction", 1);
  for (let count = 0; count < 300_000; count += 1) queue.push(envelope);
  const cpu = cpuTime();
  expect(drain(queue)).toHaveLength(300_000);
  // `Array.shift` takes minutes here.
  expect(cpu()).toBeLessThan(5000);
});
