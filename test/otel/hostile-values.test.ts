import { ROOT_CONTEXT, TraceFlags } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import type { FinishedSpan } from "../../src/trace/span.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";
import { newSpanId, spanOf } from "../spans/hand-made-span.js";
import type { SpanChanges } from "../spans/hand-made-span.js";
import { throwing } from "./propagation-kit.js";

const PREFIX = "otel-sentry-bridge:";

function getter(key: string): object {
  return Object.defineProperty({ good: 1 }, key, { enumerable: true, get: throwing });
}

function cycle(): object {
  const value: Record<string, unknown> = { name: "cycle" };
  value["self"] = value;
  return value;
}

function endless(): unknown[] {
  const list: unknown[] = [];
  list.length = 2 ** 32 - 1;
  return list;
}

// Sends a hand-made root with a hand-made child between two good ones.
function runByHand(bridge: Bridge, changes: SpanChanges): void {
  const rootId = newSpanId();
  const start = (span: FinishedSpan): FinishedSpan => {
    bridge.know(span.spanContext().spanId);
    bridge.processor.onStart(span, ROOT_CONTEXT);
    return span;
  };
  const root = start(spanOf({ spanId: rootId, name: "root" }));
  const before = start(spanOf({ name: "before" }));
  const hostile = start(spanOf({ name: "hostile", ...changes }));
  const after = start(spanOf({ name: "after" }));
  for (const span of [before, hostile, after, root]) bridge.processor.onEnd(span);
}

describe("a hand-made span with", () => {
  it.each<[string, SpanChanges]>([
    ["an attribute that throws", { attributes: getter("bad") as never }],
    ["an attribute that is cyclic", { attributes: { cyclic: cycle() } }],
    ["an attribute of 10 MB", { attributes: { text: "x".repeat(10_000_000) } }],
    ["an attribute's key of 10 MB", { attributes: { ["k".repeat(10_000_000)]: "v" } }],
    [
      "lone surrogates in name and attributes",
      {
        name: "\ud800",
        attributes: { "\ud800": "\udfff", list: ["\ud800", { "\udfff": 1 }] as never },
      },
    ],
    ["a proxy for attributes", { attributes: new Proxy({}, { ownKeys: throwing, get: throwing }) }],
    ["a text of 10 MB for attributes", { attributes: "x".repeat(10_000_000) as never }],
    ["bytes for attributes", { attributes: Buffer.alloc(10_000_000) as never }],
    ["an attribute of 10 million numbers", { attributes: { list: new Float64Array(1e7) } }],
    ["an attribute of 5 million bits", { attributes: { bits: 1n << 5_000_000n } }],
    ["a list of 2 ** 32 - 1 for events", { events: endless() as never }],
    ["a list of 2 ** 32 - 1 for links", { links: endless() as never }],
    [
      "a URL of 10 MB",
      {
        name: "/?a=b&token=c".repeat(800_000),
        kind: 1,
        attributes: {
          "http.request.method": "GET",
          "url.full": `https://host/?${"token=a;b&%74oken=c&".repeat(500_000)}`,
          "url.query": "token=a;b&%74oken=c&".repeat(500_000),
          "http.route": "/a".repeat(5_000_000),
        },
      },
    ],
    ["a status without sense", { status: { code: 99, message: 5 as never } }],
    ["no status", { status: undefined as never }],
    ["no attributes", { attributes: undefined as never }],
    ["null for attributes", { attributes: null as never }],
    ["no links", { links: undefined as never }],
    ["no events", { events: undefined as never }],
    ["no scope", { instrumentationScope: undefined as never }],
    ["no name", { name: undefined as never }],
    ["a number for a name", { name: 5 as never }],
    ["a symbol for a name", { name: Symbol("name") as never }],
    ["an object for a name", { name: {} as never }],
    ["no times", { startTime: undefined as never, endTime: undefined as never }],
    ["bigints for times", { startTime: [1n, 2n] as never }],
    [
      "infinite dropped counts",
      { droppedAttributesCount: Number.POSITIVE_INFINITY, droppedEventsCount: Number.NaN },
    ],
    ["null among its links", { links: [null as never] }],
    ["null among its events", { events: [null as never] }],
    ["a link without a context", { links: [{ context: undefined as never }] }],
    ["a resource without attributes", { resource: {} as never }],
    ["no resource", { resource: undefined as never }],
    ["a kind that is none", { kind: "SERVER" as never }],
    [
      "an attribute called __proto__",
      { attributes: JSON.parse('{"__proto__":{"polluted":1}}') as never },
    ],
    [
      "attributes that steer the bridge, of wrong types",
      {
        attributes: {
          "sentry.op": 5,
          "sentry.origin": {},
          "sentry.source": ["url"],
          "sentry.custom_span_name": null,
        },
      },
    ],
    [
      "HTTP attributes of wrong types",
      {
        kind: 1,
        attributes: {
          "http.request.method": {},
          "url.full": 5,
          "http.route": [],
          "http.response.status_code": "x",
        },
      },
    ],
    [
      "a URL that is none",
      { kind: 2, attributes: { "http.request.method": "GET", "url.full": "http://[::" } },
    ],
  ])("%s harms none beside it, and nothing escapes", async (_, changes) => {
    const bridge = startBridge();
    expect(() => runByHand(bridge, changes)).not.toThrow();
    const transactions = await bridge.flushed();
    const names = transactions.map(({ transaction }) => transaction);
    expect(names).toEqual(expect.arrayContaining(["root", "before", "after"]));
    const { started, sent, dropped } = bridge.client.stats().spans;
    expect(sent + (dropped.internal_sdk_error ?? 0)).toBe(started);
    expect(bridge.warnings.filter((text) => text.startsWith(PREFIX)).length).toBeLessThanOrEqual(1);
  });

  it.each<[string, keyof FinishedSpan]>(
    (
      [
        "name",
        "kind",
        "spanContext",
        "startTime",
        "endTime",
        "status",
        "attributes",
        "links",
        "events",
        "resource",
        "instrumentationScope",
        "droppedLinksCount",
        "parentSpanContext",
      ] as const
    ).map((key) => [key, key]),
  )(
    "a member `%s` that throws at its end costs that span alone, and it is counted",
    async (_, key) => {
      const bridge = startBridge();
      const root = bridge.tracer.startSpan("root");
      bridge.child(root, "before").end();
      const hostile = bridge.child(root, "hostile");
      Object.defineProperty(hostile, key, { get: throwing });
      try {
        hostile.end();
      } catch {
        // The SDK's own reading of its span; ours must not throw.
        bridge.processor.onEnd(hostile as never);
      }
      bridge.child(root, "after").end();
      root.end();
      const [transaction] = await bridge.flushed();
      expect(transaction?.transaction).toBe("root");
      expect(transaction?.spans.map(({ description }) => description)).toEqual(
        expect.arrayContaining(["before", "after"]),
      );
    },
  );
});

describe("a span that is", () => {
  it("ended twice is sent once", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const child = bridge.child(root, "child");
    child.end();
    bridge.processor.onEnd(child as never);
    root.end();
    bridge.processor.onEnd(root as never);
    const transactions = await bridge.flushed();
    expect(transactions).toHaveLength(1);
    expect(transactions[0]?.spans).toHaveLength(1);
  });

  it("ended without having been started is sent as by an exporter", async () => {
    const bridge = startBridge();
    bridge.processor.onEnd(spanOf({ name: "elsewhere" }));
    expect((await bridge.flushed()).map(({ transaction }) => transaction)).toEqual(["elsewhere"]);
    expect(bridge.client.stats().spans.started).toBe(1);
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 5],
    ["an empty object", {}],
    ["a proxy that throws", new Proxy({}, { get: throwing })],
    ["frozen", Object.freeze(spanOf())],
  ])("no span (%s) does not make the hooks throw", async (_, span) => {
    const bridge = startBridge({}, { leavesOpen: true });
    expect(() => bridge.processor.onStart(span as never, ROOT_CONTEXT)).not.toThrow();
    expect(() => bridge.processor.onEnd(span as never)).not.toThrow();
    expect(() => bridge.processor.onStart(span as never, undefined as never)).not.toThrow();
    bridge.tracer.startSpan("good").end();
    expect((await bridge.flushed()).map(({ transaction }) => transaction)).toContain("good");
  });

  it("not sampled is ignored, and is not counted", async () => {
    const bridge = startBridge();
    const span = spanOf();
    const identity = { ...span.spanContext(), traceFlags: TraceFlags.NONE };
    bridge.processor.onStart({ ...span, spanContext: () => identity }, ROOT_CONTEXT);
    expect(bridge.client.stats().spans.started).toBe(0);
  });
});
