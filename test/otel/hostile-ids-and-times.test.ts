import type { TimeInput } from "@opentelemetry/api";
import { RandomIdGenerator } from "@opentelemetry/sdk-trace-base";
import type { IdGenerator } from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { startBridge } from "../client/bridge.js";

const NOW = Date.now();

describe("spans with bad times", () => {
  const bad: [string, unknown, unknown][] = [
    ["an end before the start", [1_795_341_600, 0], [1_795_341_599, 0]],
    ["NaN", [Number.NaN, Number.NaN], [Number.NaN, Number.NaN]],
    ["infinity", [Number.POSITIVE_INFINITY, 0], [Number.POSITIVE_INFINITY, 0]],
    ["negative times", [-1, -1], [-2, -5]],
    ["an end without a number", [1_795_341_600, 0], ["now", "later"]],
    ["the year 55000", [1.7e12, 0], [1.7e12, 5]],
    ["milliseconds of 1970", 1, 2],
    ["an invalid date", new Date(Number.NaN), new Date(Number.NaN)],
    ["nanoseconds beyond a second", [1_795_341_600, 5e9], [1_795_341_600, 6e9]],
  ];

  it.each(bad)(
    "(%s) arrive with valid ones, and so do those beside them",
    async (...[, start, end]) => {
      const bridge = startBridge();
      const root = bridge.tracer.startSpan("root", { startTime: start as TimeInput });
      bridge.child(root, "bad", { startTime: start as TimeInput }).end(end as TimeInput);
      bridge.child(root, "good").end();
      root.end(end as TimeInput);
      const [transaction, ...others] = await bridge.flushed();
      expect(others).toEqual([]);
      expect(transaction?.spans.map(({ description }) => description)).toEqual(["bad", "good"]);
      expect(bridge.client.stats().spans).toMatchObject({ started: 3, sent: 3 });
    },
  );

  it("are logged once, however many there are", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    for (let count = 0; count < 50; count++) {
      bridge.child(root, "bad", { startTime: [Number.NaN, 0] }).end(NOW);
    }
    root.end();
    await bridge.flushed();
    const ours = bridge.warnings.filter((text) => text.startsWith("otel-sentry-bridge:"));
    expect(ours).toHaveLength(1);
    expect(bridge.client.core.diagnostics.counts()).toMatchObject({ "span-times": 50 });
  });
});

describe("ids of a custom generator", () => {
  const random = new RandomIdGenerator();
  function generator(change: (id: string, count: number) => string): IdGenerator {
    let count = 0;
    return {
      generateTraceId: () => change(random.generateTraceId(), count++),
      generateSpanId: () => change(random.generateSpanId(), count++),
    };
  }

  it.each<[string, (id: string, count: number) => string]>([
    ["in upper case", (id) => id.toUpperCase()],
    ["too short", (id) => id.slice(1)],
    ["too long", (id) => `${id}0`],
    ["not hex", (id) => `z${id.slice(1)}`],
    ["with dashes", (id) => `${id.slice(0, 4)}-${id.slice(5)}`],
    ["all zero", (id) => "0".repeat(id.length)],
    ["empty", () => ""],
    ["lone surrogates", (_, count) => `\ud800${count}`],
    ["good and bad by turns", (id, count) => (count % 2 === 0 ? id : id.toUpperCase().slice(2))],
    ["quotes and backslashes", (_, count) => `"\\${count}`],
  ])("(%s) cost no span its delivery", async (name, change) => {
    // The same id for all of them cannot be told apart by a server: what counts is that all arrive.
    const areUnique = name !== "all zero" && name !== "empty";
    const bridge = startBridge({}, { idGenerator: generator(change), areIdsUnique: areUnique });
    const root = bridge.tracer.startSpan("root");
    const child = bridge.child(root, "child");
    bridge.child(child, "grandchild").end();
    child.end();
    root.end();
    const transactions = await bridge.flushed();
    const names = transactions.flatMap(({ transaction, spans }) => [
      transaction,
      ...spans.map(({ description }) => description),
    ]);
    expect(names).toHaveLength(3);
    expect(new Set(names)).toEqual(new Set(["child", "grandchild", "root"]));
    for (const { contexts, spans } of transactions) {
      for (const span of spans) expect(span.trace_id).toBe(contexts.trace?.trace_id);
    }
  });

  it("in upper case still link children to their parents", async () => {
    const bridge = startBridge({}, { idGenerator: generator((id) => id.toUpperCase()) });
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace?.span_id).toBe(root.spanContext().spanId.toLowerCase());
    expect(transaction?.spans[0]?.parent_span_id).toBe(root.spanContext().spanId.toLowerCase());
  });

  it("that repeat within a trace lose no span", async () => {
    const bridge = startBridge(
      {},
      {
        idGenerator: {
          generateTraceId: () => "a".repeat(32),
          generateSpanId: () => "b".repeat(16),
        },
        areIdsUnique: false,
      },
    );
    const root = bridge.tracer.startSpan("root");
    bridge.child(root, "one").end();
    bridge.child(root, "two").end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction).toMatchObject({
      transaction: "root",
      spans: [{ description: "one" }, { description: "two" }],
    });
  });
});

describe("links", () => {
  it("with bad ids and flags are sent with valid ones", async () => {
    const bridge = startBridge();
    const contexts = [
      { traceId: "", spanId: "", traceFlags: 1 },
      { traceId: "X".repeat(32), spanId: "Y".repeat(16), traceFlags: Number.NaN },
      { traceId: "\ud800", spanId: '"', traceFlags: 255 },
    ];
    const links = contexts.map((context) => ({ context }));
    bridge.tracer.startSpan("root", { links }).end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace?.links?.map((link) => link["sampled"])).toEqual([
      true,
      false,
      true,
    ]);
  });
});

it("random trees of spans with random times arrive, each span once, whatever the order of their ends", async () => {
  const time = fc.oneof(
    fc.constant(undefined),
    fc.tuple(fc.double(), fc.double()),
    fc.date({ noInvalidDate: false }),
  );
  const node = fc.record({ parent: fc.nat(), end: fc.nat(), startTime: time, endTime: time });
  await fc.assert(
    fc.asyncProperty(fc.array(node, { minLength: 1, maxLength: 30 }), async (nodes) => {
      const bridge = startBridge();
      const spans = [bridge.tracer.startSpan("0")];
      for (const [index, { parent, startTime }] of nodes.entries()) {
        const chosen = spans[parent % spans.length];
        if (chosen === undefined) continue;
        spans.push(
          bridge.child(
            chosen,
            `${index + 1}`,
            startTime === undefined ? {} : { startTime: startTime as TimeInput },
          ),
        );
      }
      const order = spans.map((span, index) => ({
        span,
        at: nodes[index]?.end ?? 0,
        time: nodes[index]?.endTime,
      }));
      for (const { span, time: endTime } of order.toSorted((a, b) => a.at - b.at))
        span.end(endTime);
      const transactions = await bridge.flushed();
      const ids = transactions
        .flatMap(({ contexts, spans: entries }) => [contexts.trace, ...entries])
        .map((span) => span?.span_id);
      expect(ids).toHaveLength(spans.length);
      expect(new Set(ids)).toEqual(new Set(spans.map((span) => span.spanContext().spanId)));
    }),
    { numRuns: 50 },
  );
});
