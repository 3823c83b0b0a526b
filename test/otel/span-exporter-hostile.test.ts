import { TraceFlags } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import type { FinishedSpan } from "../../src/trace/span.js";
import { idOf, spanOf } from "../spans/hand-made-span.js";
import type { SpanChanges } from "../spans/hand-made-span.js";
import { throwing } from "./propagation-kit.js";
import { childOf, idsOf, reasonOf, startExporter } from "./span-exporter-kit.js";

const FIELDS = [
  "name",
  "kind",
  "spanContext",
  "parentSpanContext",
  "startTime",
  "endTime",
  "status",
  "attributes",
  "links",
  "events",
  "resource",
  "instrumentationScope",
  "droppedLinksCount",
] as const;

function breakField(span: FinishedSpan, key: keyof FinishedSpan): FinishedSpan {
  return Object.defineProperty({ ...span }, key, { enumerable: true, get: throwing });
}

describe("a batch with a span that cannot be read", () => {
  it.each(FIELDS)("as a child (`%s` throws) is taken all the same", async (key) => {
    const root = spanOf();
    const [before, after] = [childOf(root), childOf(root)];
    const bad = childOf(root);
    const bench = startExporter({}, { known: [bad] });
    expect(bench.export(before, breakField(bad, key), after, root)).toEqual({ code: 0 });
    const ids = idsOf(await bench.flushed());
    expect(ids).toEqual(expect.arrayContaining([before, after, root].map(idOf)));
  });

  it.each(FIELDS)("as a root (`%s` throws) is taken all the same", async (key) => {
    const bad = spanOf();
    const root = spanOf();
    const good = [childOf(bad), childOf(root), root];
    const bench = startExporter({}, { known: [bad] });
    expect(bench.export(breakField(bad, key), ...good)).toEqual({ code: 0 });
    const ids = idsOf(await bench.flushed());
    expect(ids).toEqual(expect.arrayContaining(good.map(idOf)));
  });

  it.each<[string, SpanChanges]>([
    ["a cyclic attribute", { attributes: { cyclic: cycle() } }],
    ["an attribute of 10 MB", { attributes: { text: "x".repeat(10_000_000) } }],
    ["lone surrogates", { name: "\ud800", attributes: { "\ud800": "\udfff" } }],
    ["ids that are none", { traceId: "x", spanId: "" }],
    ["a trace id that is no text", { traceId: 5 as never }],
    ["null for a trace id", { traceId: null as never }],
    ["no times", { startTime: undefined as never, endTime: undefined as never }],
    ["no resource", { resource: undefined as never }],
    ["null for a parent", { parentSpanContext: null as never }],
    ["an empty object for a parent", { parentSpanContext: {} as never }],
  ])("(%s) is taken all the same", async (_, changes) => {
    const root = spanOf();
    const good = [childOf(root), root];
    const bench = startExporter({}, { areIdsUnique: false });
    const hostile = [spanOf(changes), childOf(root, changes)];
    expect(bench.export(...hostile, ...good)).toEqual({ code: 0 });
    expect(idsOf(await bench.flushed())).toEqual(expect.arrayContaining(good.map(idOf)));
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
    ["an empty object", {}],
    ["a proxy that throws", new Proxy({}, { get: throwing })],
  ])("that is no span (%s) is taken all the same", async (_, value) => {
    const bench = startExporter();
    const root = spanOf();
    bench.export(value as never, root);
    expect(idsOf(await bench.flushed())).toEqual([idOf(root)]);
  });
});

function cycle(): object {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
}

describe("events that cannot be read", () => {
  it("cost the exceptions of their own span only", async () => {
    const root = spanOf({ status: { code: 2 } });
    const attributes = { "exception.type": "TypeError", "exception.message": "failed" };
    const failed = childOf(root, {
      events: [{ name: "exception", time: [1_800_000_000, 0], attributes }],
    });
    const bad = childOf(root);
    const bench = startExporter({}, { known: [bad] });
    bench.export(breakField(bad, "events"), failed, root);
    await bench.flushed();
    expect(bench.transport.errors()).toHaveLength(1);
  });
});

describe("a tracesSampler that throws", () => {
  it("costs nothing: the rate decides", async () => {
    const bench = startExporter({ tracesSampler: throwing });
    const root = spanOf();
    bench.export(childOf(root), root);
    bench.export(childOf(root));
    expect(idsOf(await bench.flushed())).toHaveLength(3);
  });
});

describe("ids", () => {
  it("that stand in a circle end in an orphan transaction", async () => {
    const bench = startExporter();
    const [a, b] = ["a".repeat(16), "b".repeat(16)];
    bench.export(spanOf({ spanId: a, parentSpanId: b }), spanOf({ spanId: b, parentSpanId: a }));
    const [transaction] = await bench.flushed();
    expect(idsOf(bench.transport.transactions())).toEqual([a, b]);
    expect(reasonOf(transaction)).toBe("orphan");
  });

  it("that are not unique lose no span", async () => {
    const bench = startExporter({}, { areIdsUnique: false });
    const twin = { spanId: "d".repeat(16) };
    const root = spanOf(twin);
    bench.export(childOf(root, twin), childOf(root), childOf(root), root, spanOf(twin));
    bench.export(childOf(root, twin), root);
    expect(idsOf(await bench.flushed())).toHaveLength(7);
  });

  it("in upper case find each other", async () => {
    const root = spanOf({ traceId: "AB".repeat(16), spanId: "CD".repeat(8) });
    const bench = startExporter();
    bench.export(childOf(root), root);
    expect(await bench.flushed()).toMatchObject([
      {
        contexts: { trace: { span_id: "cd".repeat(8) } },
        spans: [{ parent_span_id: "cd".repeat(8) }],
      },
    ]);
  });
});

describe("a parent id that names no span", () => {
  const invalid = ["0".repeat(16), "", "0", "f".repeat(15), "not-a-span-id-at", null, undefined];

  it.each(invalid)("(%j) makes its span a local root, with its children", async (spanId) => {
    const bench = startExporter();
    const parentSpanContext = { traceId: "0".repeat(32), spanId: spanId as string, traceFlags: 1 };
    const root = spanOf({ parentSpanContext });
    const child = childOf(root);
    bench.export(child, root);
    const [transaction] = await bench.flushed();
    expect(reasonOf(transaction)).toBeUndefined();
    expect(transaction?.contexts.trace).not.toHaveProperty("parent_span_id");
    expect(transaction?.spans.map((span) => span.span_id)).toEqual([idOf(child)]);
  });

  it.each(invalid)("(%j) lets the exceptions of a failed root be reported", async (spanId) => {
    const bench = startExporter();
    const parentSpanContext = { traceId: "0".repeat(32), spanId: spanId as string, traceFlags: 1 };
    const attributes = { "exception.type": "Error", "exception.message": "refused" };
    const events = [{ name: "exception", time: spanOf().startTime, attributes }];
    bench.export(spanOf({ parentSpanContext, status: { code: 2 }, events }));
    await bench.flushed();
    expect(bench.transport.errors()).toHaveLength(1);
  });
});

describe("spans that are not sampled", () => {
  it("are none of ours, and are not counted", async () => {
    const bench = startExporter();
    const identity = { ...spanOf().spanContext(), traceFlags: TraceFlags.NONE };
    const unsampled = { ...spanOf(), spanContext: () => identity };
    const root = spanOf();
    expect(bench.export(unsampled, root)).toEqual({ code: 0 });
    expect(idsOf(await bench.flushed())).toEqual([idOf(root)]);
    expect(bench.client.stats().spans.started).toBe(1);
  });

  it("are recognized by the sampled flag alone, whatever the other flags are", async () => {
    const bench = startExporter();
    const identity = { ...spanOf().spanContext(), traceFlags: TraceFlags.SAMPLED | 2 };
    bench.export({ ...spanOf(), spanContext: () => identity });
    expect(await bench.flushed()).toHaveLength(1);
  });
});
