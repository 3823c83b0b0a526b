import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  createTraceState,
  trace,
} from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { describe, expect, it } from "vitest";

import { forkIsolation } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";
import { collectGarbage } from "../client/collect-garbage.js";

const OTHER = { traceId: "a".repeat(32), spanId: "b".repeat(16) };

describe("peer bug 2.3:", () => {
  it("links do not leak the trace state", async () => {
    const bridge = startBridge();
    const traceState = createTraceState("vendor=secret");
    const links = [
      {
        context: { ...OTHER, traceFlags: 1, traceState, isRemote: true },
        attributes: { "sentry.link.type": "previous_trace", nested: [1, 2] },
      },
      { context: { ...OTHER, traceFlags: 0 } },
    ];
    const root = bridge.tracer.startSpan("root", { links });
    bridge.child(root, "child", { links }).end();
    root.end();
    const [transaction] = await bridge.flushed();
    const sent = [
      {
        trace_id: OTHER.traceId,
        span_id: OTHER.spanId,
        sampled: true,
        attributes: { "sentry.link.type": "previous_trace", nested: [1, 2] },
      },
      { trace_id: OTHER.traceId, span_id: OTHER.spanId, sampled: false },
    ];
    expect(transaction?.contexts.trace?.links).toEqual(sent);
    expect(transaction?.spans[0]?.links).toEqual(sent);
  });

  it("a span without links has no links at all", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace).not.toHaveProperty("links");
    expect(transaction?.spans[0]).not.toHaveProperty("links");
  });

  it("a span event that is no measurement makes no empty measurements", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    root.addEvent("cache miss", { key: "a" });
    const child = bridge.child(root);
    child.addEvent("retry");
    child.end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction).not.toHaveProperty("measurements");
    expect(transaction?.spans[0]).not.toHaveProperty("measurements");
  });

  it("measurements are taken from span events; the last of a name wins", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    for (const value of [1, 2.5])
      root.addEvent("queue.depth", {
        "sentry.measurement_value": value,
        "sentry.measurement_unit": "none",
      });
    root.addEvent("lcp", {
      "sentry.measurement_value": 80,
      "sentry.measurement_unit": "millisecond",
    });
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.measurements).toEqual({
      "queue.depth": { value: 2.5, unit: "none" },
      lcp: { value: 80, unit: "millisecond" },
    });
  });

  it("the instrumentation scope is sent, name and version", async () => {
    const bridge = startBridge();
    const other = bridge.provider.getTracer("@opentelemetry/instrumentation-pg", "0.76.0");
    other
      .startSpan("pg.query", {
        kind: SpanKind.CLIENT,
        attributes: { "db.system.name": "postgresql" },
      })
      .end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace).toMatchObject({
      origin: "auto.db.otel.pg",
      data: {
        "otel.scope.name": "@opentelemetry/instrumentation-pg",
        "otel.scope.version": "0.76.0",
      },
    });
  });

  it("the item says its length, and its header has what the protocol asks for", async () => {
    const bridge = startBridge();
    bridge.tracer.startSpan("größer").end();
    await bridge.client.flush();
    const [envelope] = bridge.transport.envelopes;
    expect(envelope?.items[0]?.header).toEqual({
      type: "transaction",
      length: envelope?.items[0]?.payload.length,
    });
    expect(Object.keys(envelope?.header ?? {}).toSorted()).toEqual([
      "event_id",
      "sdk",
      "sent_at",
      "trace",
    ]);
  });

  it("the envelope names the DSN only with a tunnel, and without its secret", async () => {
    const bridge = startBridge({
      dsn: "https://public:secret@sentry.example.com/42",
      tunnel: "https://shop.example.com/tunnel",
    });
    bridge.tracer.startSpan("root").end();
    await bridge.client.flush();
    expect(bridge.transport.envelopes[0]?.header["dsn"]).toBe(
      "https://public@sentry.example.com/42",
    );
  });
});

describe("peer bug 2.2:", () => {
  it("the spans behind the first thousand are not lost", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    for (let count = 0; count < 1500; count++) bridge.child(root).end();
    root.end();
    await bridge.client.flush();
    expect(bridge.client.stats().spans).toMatchObject({ started: 1501, sent: 1501, dropped: {} });
  });

  it("the child of a parent that never ends is not lost silently", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const root = bridge.tracer.startSpan("root");
    const never = bridge.child(root, "never");
    bridge.child(never, "done").end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction).toMatchObject({
      transaction: "root",
      spans: [{ description: "done", parent_span_id: never.spanContext().spanId }],
    });
  });

  it("a shutdown sends what is pending instead of throwing it away", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    bridge.child(root, "pending").end();
    await bridge.provider.shutdown();
    expect(bridge.transport.transactions()).toMatchObject([{ transaction: "pending" }]);
    root.end();
  });
});

describe("peer bug 2.1:", () => {
  it("a remote parent leaves no attribute on the span", async () => {
    const bridge = startBridge();
    const remote = trace.setSpanContext(ROOT_CONTEXT, { ...OTHER, traceFlags: 1, isRemote: true });
    const span = bridge.tracer.startSpan("server", {}, remote);
    expect(Reflect.get(span, "attributes")).toEqual({});
    span.end();
    expect(Reflect.get(span, "attributes")).toEqual({});
  });

  it("the unit of work is held until its transaction is built, under any garbage collection", async () => {
    const bridge = startBridge();
    const spans = Array.from({ length: 50 }, (_, index) =>
      bridge.tracer.startSpan(
        `${index}`,
        { kind: SpanKind.SERVER },
        forkIsolation(ROOT_CONTEXT, (scope) => scope.setUser({ id: `${index}` })),
      ),
    );
    await collectGarbage();
    for (const span of spans) span.end();
    const transactions = await bridge.flushed();
    expect(transactions).toHaveLength(50);
    for (const { transaction, user } of transactions) expect(user).toEqual({ id: transaction });
  });
});

describe("peer bug 2.4:", () => {
  it("numeric gRPC codes are read like those in text", async () => {
    const bridge = startBridge();
    for (const code of [5, "5"])
      bridge.tracer
        .startSpan("rpc", { attributes: { "rpc.system": "grpc", "rpc.grpc.status_code": code } })
        .end();
    const transactions = await bridge.flushed();
    expect(transactions.map(({ contexts }) => contexts.trace?.status)).toEqual([
      "not_found",
      "not_found",
    ]);
  });

  it("an OK that code set does not hide a 5xx", async () => {
    const bridge = startBridge();
    const span = bridge.tracer.startSpan("GET", {
      kind: SpanKind.SERVER,
      attributes: { "http.request.method": "GET", "http.response.status_code": 500 },
    });
    span.setStatus({ code: SpanStatusCode.OK });
    span.end();
    expect((await bridge.flushed())[0]?.contexts.trace?.status).toBe("internal_error");
  });
});

describe("beyond the peer:", () => {
  it("dropped counts and the status message stay visible", async () => {
    const bridge = startBridge(
      {},
      { spanLimits: { attributeCountLimit: 1, eventCountLimit: 1, linkCountLimit: 1 } },
    );
    const span = bridge.tracer.startSpan("root", {
      attributes: { a: 1, b: 2, c: 3 },
      links: [{ context: { ...OTHER, traceFlags: 1 } }, { context: { ...OTHER, traceFlags: 1 } }],
    });
    span.addEvent("one");
    span.addEvent("two");
    span.setStatus({ code: SpanStatusCode.ERROR, message: "out of stock" });
    span.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace).toMatchObject({
      status: "internal_error",
      data: {
        "otel.status_description": "out of stock",
        "otel.dropped_attributes_count": 2,
        "otel.dropped_events_count": 1,
        "otel.dropped_links_count": 1,
      },
    });
  });

  it("the sample rate is there where it was applied here", async () => {
    const bridge = startBridge({ tracesSampler: () => 1 });
    bridge.tracer.startSpan("root", { attributes: { "sentry.sample_rate": 0.01 } }).end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace?.data?.["sentry.sample_rate"]).toBe(1);
  });

  it("service.name is not lost", async () => {
    const bridge = startBridge(
      {},
      { resource: resourceFromAttributes({ "service.name": "checkout" }) },
    );
    bridge.tracer.startSpan("root").end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts["otel"]).toEqual({ resource: { "service.name": "checkout" } });
  });
});
