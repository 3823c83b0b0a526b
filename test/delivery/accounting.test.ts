import fc from "fast-check";
import { expect, it } from "vitest";

import { DiscardLedger } from "../../src/client-reports/ledger.js";
import type { DataCategory } from "../../src/protocol/data-category.js";
import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import { createEnvelopeSender } from "../../src/delivery/envelope-sender.js";
import { MemoryBound } from "../../src/delivery/memory-bound.js";
import type { SendResult } from "../../src/delivery/transport.js";
import { heldTransport } from "./held-transport.js";
import { inSequence } from "./in-sequence.js";
import { manualTimers } from "../time/manual-timers.js";
import { NO_LIMITS, contentsOf, envelopeOf, recordingDiagnostics, sumOf } from "./support.js";

type Step =
  | { enqueue: DataCategory; spans: number }
  | { release: SendResult | Error }
  | { pass: number }
  | { flush: number }
  | { close: number };

const categories: DataCategory[] = [
  "monitor",
  "error",
  "transaction",
  "span",
  "log_item",
  "internal",
];
const rateLimits = fc.constantFrom(
  undefined,
  undefined,
  undefined,
  "1:transaction:key",
  "2::organization",
  "1:error;span:key",
);
const result: fc.Arbitrary<SendResult | Error> = fc.oneof(
  {
    weight: 5,
    arbitrary: rateLimits.map((text): SendResult => ({
      outcome: "delivered",
      statusCode: 200,
      limits: { ...NO_LIMITS, rateLimits: text },
    })),
  },
  rateLimits.map((text): SendResult => ({
    outcome: "limited",
    statusCode: 429,
    limits: { rateLimits: text, retryAfter: "1" },
  })),
  fc.constant<SendResult>({ outcome: "rejected", statusCode: 500, limits: NO_LIMITS }),
  fc.constant<SendResult>({ outcome: "retryable", error: new Error("reset") }),
  fc.constant(new Error("the transport has a bug")),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ enqueue: fc.constantFrom(...categories), spans: fc.nat(30) }),
  },
  { weight: 4, arbitrary: fc.record({ release: result }) },
  { weight: 3, arbitrary: fc.record({ pass: fc.nat(2000) }) },
  { weight: 1, arbitrary: fc.record({ flush: fc.nat(1000) }) },
);
const steps = fc
  .tuple(
    fc.array(step, { maxLength: 80 }),
    fc.option(fc.record({ close: fc.nat(1000) })),
    fc.array(step, { maxLength: 10 }),
  )
  .map(([before, close, after]) => [...before, ...(close === null ? [] : [close]), ...after]);
const bounds = fc.record({
  maxBufferedItems: fc.integer({ min: 1, max: 20 }),
  maxBufferedBytes: fc.integer({ min: 100, max: 5000 }),
  minConcurrency: fc.integer({ min: 1, max: 3 }),
  maxConcurrency: fc.integer({ min: 1, max: 5 }),
});

it("accounts for all that is enqueued at every moment: delivered, recorded, or queued", async () => {
  await fc.assert(
    fc.asyncProperty(
      bounds,
      steps,
      fc.constantFrom("fail", "hang", "ignore"),
      async (limits, sequence, onClose) => {
        const transport = heldTransport({ onClose });
        const timers = manualTimers();
        const recorder = new DiscardLedger();
        let now = 1_800_000_000_000;
        const { diagnostics } = recordingDiagnostics();
        const { maxBufferedBytes, ...others } = limits;
        const sender = createEnvelopeSender({
          transport,
          recorder,
          diagnostics,
          timers,
          now: () => now,
          memory: new MemoryBound(maxBufferedBytes),
          ...others,
        });
        const enqueued: EncodedEnvelope[] = [];

        const take = async (next: Step): Promise<void> => {
          if ("enqueue" in next) {
            const envelope = envelopeOf(next.enqueue, {
              contents: [
                { category: next.enqueue, quantity: 1 },
                { category: "span", quantity: next.spans + 1 },
              ],
            });
            enqueued.push(envelope);
            sender.enqueue(envelope);
          } else if ("release" in next) transport.release(next.release);
          else if ("flush" in next) void sender.flush(next.flush);
          else if ("close" in next) void sender.close(next.close);
          else {
            now += next.pass;
            await timers.advance(next.pass);
          }
        };
        const check = (): void => {
          const { delivered, queued } = sender.stats();
          expect(sumOf(delivered, recorder.snapshot(), queued)).toEqual(contentsOf(enqueued));
        };

        await inSequence(sequence, async (next) => {
          await take(next);
          check();
        });
        const closed = sender.close(1000);
        await timers.advance(1000);
        await timers.advance(500);
        await closed;
        transport.releaseAll();
        await timers.turn();
        check();
        expect(sender.stats()).toMatchObject({
          queued: {},
          queuedItems: 0,
          queuedBytes: 0,
          inFlight: 0,
        });
        expect(timers.pending).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});
