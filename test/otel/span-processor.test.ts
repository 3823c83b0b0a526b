import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { parseEnvelope } from "@sentry/core";
import { describe, expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/testing.js";
import { contextOf, startBridge } from "../client/bridge.js";

const REMOTE = {
  traceId: "4c79f60c11214eb38604f4ae0781bfb2",
  spanId: "b01b9f6349558cd1",
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
};

describe("the spans of a provider", () => {
  it("become one transaction per local root, with parents as they were started", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("job");
    const first = bridge.child(root, "first");
    const second = bridge.child(root, "second");
    const inner = bridge.child(first, "inner");
    for (const span of [inner, second, first, root]) span.end();
    const [transaction, ...others] = await bridge.flushed();
    expect(others).toEqual([]);
    expect(transaction?.contexts.trace).toMatchObject({
      span_id: root.spanContext().spanId,
      trace_id: root.spanContext().traceId,
    });
    const parents = Object.fromEntries(
      (transaction?.spans ?? []).map((span) => [span.description, span.parent_span_id]),
    );
    expect(parents).toEqual({
      first: root.spanContext().spanId,
      second: root.spanContext().spanId,
      inner: first.spanContext().spanId,
    });
  });

  it("that run in parallel stay siblings, whatever is active when they end", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const spans = Array.from({ length: 20 }, (_, index) => bridge.child(root, `${index}`));
    for (const span of spans.toReversed()) span.end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(new Set(transaction?.spans.map((span) => span.parent_span_id))).toEqual(
      new Set([root.spanContext().spanId]),
    );
  });

  it("with a remote parent begin a transaction that names it, also when this process made that parent", async () => {
    const bridge = startBridge();
    const outer = bridge.tracer.startSpan("client", { kind: SpanKind.CLIENT });
    const incoming = trace.setSpanContext(ROOT_CONTEXT, { ...outer.spanContext(), isRemote: true });
    const server = bridge.tracer.startSpan("server", { kind: SpanKind.SERVER }, incoming);
    server.end();
    outer.end();
    const transactions = await bridge.flushed();
    expect(transactions.map((transaction) => transaction.transaction)).toEqual([
      "server",
      "client",
    ]);
    expect(transactions[0]?.contexts.trace).toMatchObject({
      parent_span_id: outer.spanContext().spanId,
      trace_id: outer.spanContext().traceId,
    });
  });

  it("continue the sender's trace", async () => {
    const bridge = startBridge();
    const span = bridge.tracer.startSpan(
      "GET",
      { kind: SpanKind.SERVER },
      trace.setSpanContext(ROOT_CONTEXT, REMOTE),
    );
    span.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace).toMatchObject({
      trace_id: REMOTE.traceId,
      parent_span_id: REMOTE.spanId,
    });
  });

  it("of a local parent that does not record begin a transaction of their own", async () => {
    const bridge = startBridge();
    const unseen = trace.wrapSpanContext({ ...REMOTE, isRemote: false });
    bridge.tracer.startSpan("orphan", {}, contextOf(unseen)).end();
    const [transaction] = await bridge.flushed();
    expect(transaction).toMatchObject({
      transaction: "orphan",
      contexts: { trace: { parent_span_id: REMOTE.spanId } },
    });
  });

  it("started with `root: true` leave the trace they were started in", async () => {
    const bridge = startBridge();
    const outer = bridge.tracer.startSpan("outer");
    bridge.child(outer, "detached", { root: true }).end();
    outer.end();
    const transactions = await bridge.flushed();
    expect(transactions.map(({ spans }) => spans.length)).toEqual([0, 0]);
    expect(new Set(transactions.map(({ contexts }) => contexts.trace?.trace_id)).size).toBe(2);
  });
});

describe("what is sent", () => {
  it("is an envelope that Sentry's SDK reads, with a sampling context of strings", async () => {
    const server = await startIngestServer();
    const bridge = startBridge({
      dsn: server.dsn,
      release: "shop@1",
      environment: "test",
      transport: {},
    });
    const bodies: Buffer[] = [];
    server.respondWith((request) => {
      bodies.push(request.body);
      return undefined;
    });
    const root = bridge.tracer.startSpan("GET /a", { attributes: { "sentry.source": "route" } });
    bridge.child(root).end();
    root.end();
    await bridge.client.close();
    const [header, items] = parseEnvelope(bodies[0] ?? "");
    expect(items).toHaveLength(1);
    expect(header).toMatchObject({
      event_id: server.transactions()[0]?.event_id,
      sdk: { name: expect.any(String), version: expect.any(String) },
    });
    const dsc = (header as { trace?: Record<string, unknown> }).trace ?? {};
    expect(Object.values(dsc).map((value) => typeof value)).toEqual(
      Object.keys(dsc).map(() => "string"),
    );
    expect(dsc).toMatchObject({
      trace_id: root.spanContext().traceId,
      public_key: "0123456789abcdef0123456789abcdef",
      release: "shop@1",
      environment: "test",
      transaction: "GET /a",
      sampled: "true",
      sample_rate: "1",
    });
    expect(server.refusals).toEqual([]);
    await server.close();
  });

  it("does not name in its sampling context what is only a URL", async () => {
    const bridge = startBridge();
    bridge.tracer
      .startSpan("GET", {
        kind: SpanKind.SERVER,
        attributes: { "http.request.method": "GET", "url.path": "/users/17" },
      })
      .end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.transaction_info).toEqual({ source: "url" });
    expect(bridge.transport.envelopes[0]?.header["trace"]).not.toHaveProperty("transaction");
  });

  it("has the status of the span, of its HTTP response, and the response's own", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("GET", {
      kind: SpanKind.SERVER,
      attributes: {
        "http.request.method": "GET",
        "http.route": "/a",
        "http.response.status_code": 503,
      },
    });
    const failed = bridge.child(root, "failed");
    failed.setStatus({ code: SpanStatusCode.ERROR, message: "not_found" });
    failed.end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts).toMatchObject({
      trace: { status: "unavailable" },
      response: { status_code: 503 },
    });
    expect(transaction?.spans[0]).toMatchObject({
      status: "not_found",
      data: { "otel.status_description": "not_found" },
    });
  });
});

describe("a child that comes late", () => {
  it("within the grace goes with the root", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const child = bridge.child(root);
    root.end();
    child.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.spans).toHaveLength(1);
  });

  it("after its root was sent arrives in a continuation, and so do its own children", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const late = bridge.child(root, "late");
    root.end();
    await bridge.client.flush();
    late.end();
    const grandchild = bridge.child(late, "grandchild");
    const greatGrandchild = bridge.child(grandchild, "great-grandchild");
    greatGrandchild.end();
    grandchild.end();
    const transactions = await bridge.flushed();
    const spans = transactions.flatMap(({ contexts, spans: entries }) => [
      contexts.trace,
      ...entries,
    ]);
    expect(spans.map((span) => span?.parent_span_id)).toEqual(
      expect.arrayContaining([
        undefined,
        root.spanContext().spanId,
        late.spanContext().spanId,
        grandchild.spanContext().spanId,
      ]),
    );
    expect(spans).toHaveLength(4);
    expect(new Set(spans.map((span) => span?.trace_id))).toEqual(
      new Set([root.spanContext().traceId]),
    );
    expect(transactions[1]?.contexts.trace?.data).toMatchObject({
      "sentry.parent_span_already_sent": true,
    });
  });

  it("or starts late, after its root has gone, arrives as well", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    root.end();
    await bridge.client.flush();
    bridge.child(root, "afterthought").end();
    const transactions = await bridge.flushed();
    expect(transactions[1]).toMatchObject({
      transaction: "afterthought",
      contexts: { trace: { parent_span_id: root.spanContext().spanId } },
    });
  });

  it("of a root that never ends arrives with a flush", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const root = bridge.tracer.startSpan("never");
    bridge.child(root, "done").end();
    const transactions = await bridge.flushed();
    expect(transactions).toMatchObject([
      { transaction: "done", contexts: { trace: { parent_span_id: root.spanContext().spanId } } },
    ]);
    expect(bridge.client.stats().spans).toMatchObject({ started: 2, sent: 1, open: 1 });
  });
});
