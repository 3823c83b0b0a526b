import { describe, expect, it } from "vitest";
import fc from "fast-check";
import type { Span } from "@opentelemetry/api";

import {
  assertAccounted,
  assertSettled,
  createMemoryTransport,
} from "../../src/testing/testing.js";
import { captureException } from "../../src/index.js";
import type { SendResult } from "../../src/index.js";
import { DSN, startBridge } from "./bridge.js";
import { times } from "../property/runs.js";

const LIMITS = { rateLimits: undefined, retryAfter: undefined };

describe("the counts of a client", () => {
  it("count each span in exactly one state at every moment", async () => {
    const bridge = startBridge();
    const states: unknown[] = [];
    const note = (): void => {
      const { started, open, buffered, queued, sent } = bridge.client.stats().spans;
      states.push([started, open, buffered, queued, sent]);
      assertAccounted(bridge.client);
    };
    const root = bridge.tracer.startSpan("root");
    note();
    const child = bridge.child(root);
    note();
    child.end();
    note();
    root.end();
    note();
    await bridge.client.flush();
    note();
    expect(states).toEqual([
      [1, 1, 0, 0, 0],
      [2, 2, 0, 0, 0],
      [2, 1, 1, 0, 0],
      [2, 0, 0, 2, 0],
      [2, 0, 0, 0, 2],
    ]);
    expect(bridge.client.stats()).toMatchObject({
      transactions: { sent: 1 },
      errors: { sent: 0 },
      envelopesSent: 1,
      queuedBytes: 0,
    });
  });

  it.each<[string, SendResult]>([
    ["send_error", { outcome: "rejected", statusCode: 400, limits: LIMITS }],
    ["rate_limited", { outcome: "limited", statusCode: 429, limits: LIMITS }],
    ["network_error", { outcome: "retryable", error: new Error("reset") }],
  ])("name what the server did to a transaction: %s", async (reason, result) => {
    const bridge = startBridge({ transport: createMemoryTransport({ respond: () => result }) });
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    await bridge.client.flush();
    expect(bridge.client.stats()).toMatchObject({
      spans: { sent: 0, dropped: { [reason]: 2 } },
      transactions: { sent: 0, dropped: { [reason]: 1 } },
    });
  });

  it("count errors apart from transactions", async () => {
    const bridge = startBridge({ sampleRate: 1, ignoreErrors: ["ignored"] });
    captureException(new Error("sent"));
    captureException(new Error("ignored"));
    await bridge.client.flush();
    expect(bridge.client.stats().errors).toMatchObject({
      sent: 1,
      dropped: { event_processor: 1 },
    });
    expect(bridge.client.stats().spans).toMatchObject({ started: 0, sent: 0 });
  });

  it("count errors that are sampled out", async () => {
    const bridge = startBridge({ sampleRate: 0 });
    captureException(new Error("one"));
    await bridge.client.flush();
    expect(bridge.client.stats().errors.dropped).toEqual({ sample_rate: 1 });
  });

  it("are a copy that later changes do not reach", async () => {
    const bridge = startBridge();
    const before = bridge.client.stats();
    bridge.tracer.startSpan("root").end();
    await bridge.client.flush();
    expect(before.spans.started).toBe(0);
  });
});

type Step = "start" | "child" | "end" | "flush" | "late" | "capture";

it("started = sent + dropped + queued + buffered + open, whatever happens in whatever order", async () => {
  const outcomes = fc.constantFrom<SendResult>(
    { outcome: "delivered", statusCode: 200, limits: LIMITS },
    { outcome: "rejected", statusCode: 500, limits: LIMITS },
    { outcome: "limited", statusCode: 429, limits: LIMITS },
    { outcome: "retryable", error: new Error("reset") },
  );
  const step = fc.record({
    kind: fc.constantFrom<Step>(
      "start",
      "child",
      "child",
      "end",
      "end",
      "end",
      "flush",
      "late",
      "capture",
    ),
    at: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.infiniteStream(outcomes),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (steps, results, rate) => {
        const bridge = startBridge({
          dsn: DSN,
          tracesSampleRate: rate,
          ignoreSpans: ["span 3"],
          beforeSendSpan: (span) => (span.description === "span 5" ? null : span),
          beforeSendTransaction: (event) => (event.transaction === "span 7" ? null : event),
          maxBufferedBytes: 5000,
          transport: createMemoryTransport({
            respond: () =>
              results.next().value ?? { outcome: "retryable", error: new Error("end") },
          }),
        });
        const all: Span[] = [];
        const open: Span[] = [];
        const start = (parent: Span | undefined): void => {
          const name = `span ${all.length % 10}`;
          const span =
            parent === undefined ? bridge.tracer.startSpan(name) : bridge.child(parent, name);
          all.push(span);
          open.push(span);
        };
        for (const { kind, at } of steps) {
          if (kind === "start") start(undefined);
          else if (kind === "child") start(open[at % open.length]);
          else if (kind === "late") start(all[at % all.length]);
          else if (kind === "end") open.splice(at % Math.max(1, open.length), 1)[0]?.end();
          else if (kind === "capture") captureException(new Error("between"));
          // The order of the steps is what is tried out.
          else await bridge.client.flush();
          assertAccounted(bridge.client);
        }
        for (const span of open) span.end();
        await bridge.client.flush();
        assertSettled(bridge.client);
        expect(bridge.client.stats().spans.started).toBeLessThanOrEqual(all.length);
      },
    ),
    times(500),
  );
});
