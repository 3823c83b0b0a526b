import { ROOT_CONTEXT, SpanKind, createTraceState } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import {
  SentrySpanProcessor,
  createClient,
  forkIsolation,
  getIsolationScope,
} from "../../src/index.js";
import { assertSettled, createMemoryTransport } from "../../src/testing/testing.js";
import { DSN, contextOf, startBridge } from "../client/bridge.js";
import { throwing } from "./propagation-kit.js";

function snapshotOf(span: ReadableSpan): string {
  const { name, kind, attributes, links, events, status, startTime, endTime, parentSpanContext } =
    span;
  const context = span.spanContext();
  return JSON.stringify({
    name,
    kind,
    attributes,
    links,
    events,
    status,
    startTime,
    endTime,
    parentSpanContext,
    context,
    traceState: context.traceState?.serialize(),
  });
}

function done(): Promise<void> {
  return Promise.resolve();
}

// Compares each span before and after the processors between have seen it.
function watchers(): { before: SpanProcessor; after: SpanProcessor; changes: string[] } {
  const changes: string[] = [];
  const seen = new Map<string, string>();
  const note = (hook: string) => (span: ReadableSpan) =>
    void seen.set(`${hook} ${span.spanContext().spanId}`, snapshotOf(span));
  const compare = (hook: string) => (span: ReadableSpan) => {
    const text = snapshotOf(span);
    if (seen.get(`${hook} ${span.spanContext().spanId}`) !== text) changes.push(text);
  };
  return {
    before: {
      onStart: (span) => note("start")(span),
      onEnd: note("end"),
      forceFlush: done,
      shutdown: done,
    },
    after: {
      onStart: (span) => compare("start")(span),
      onEnd: compare("end"),
      forceFlush: done,
      shutdown: done,
    },
    changes,
  };
}

describe("beside other processors, the bridge", () => {
  it("changes nothing of what they see: no attributes, no trace state, no names", async () => {
    const { before, after, changes } = watchers();
    const bridge = startBridge(
      { tracesSampleRate: 0.5, ignoreSpans: ["ignored"] },
      { before: [before], after: [after] },
    );
    const traceState = createTraceState("vendor=value");
    bridge.know("b01b9f6349558cd1");
    const remote = {
      traceId: "4c79f60c11214eb38604f4ae0781bfb2",
      spanId: "b01b9f6349558cd1",
      traceFlags: 1,
      isRemote: true,
      traceState,
    };
    const root = bridge.tracer.startSpan(
      "GET",
      { kind: SpanKind.SERVER, attributes: { "http.method": "GET", "sentry.op": "x" } },
      contextOf({ spanContext: () => remote } as never),
    );
    bridge.child(root, "ignored").end();
    const child = bridge.child(root, "child");
    child.addEvent("event", { a: 1 });
    child.recordException(new Error("recorded"));
    child.end();
    root.end();
    await bridge.flushed();
    expect(changes).toEqual([]);
    expect(root.spanContext().traceState?.serialize()).toBe("vendor=value");
  });

  it("does not disturb them with garbage, nor they it", async () => {
    const exporter = new InMemorySpanExporter();
    const bridge = startBridge(
      { beforeSendSpan: throwing, tracesSampler: throwing },
      { after: [new SimpleSpanProcessor(exporter)] },
    );
    const root = bridge.tracer.startSpan("root", { startTime: [Number.NaN, 0] });
    bridge.child(root, "\ud800", { attributes: { "\udfff": "\ud800" } }).end();
    root.end();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(["\ud800", "root"]);
    expect(await bridge.flushed()).toHaveLength(1);
  });

  it("leaves the method that another processor has put on a span, also after spans without one", async () => {
    const seen: string[] = [];
    const wrapping: SpanProcessor = {
      onStart: (span) => {
        if (span.name !== "wrapped") return;
        span.recordException = () => void seen.push(span.name);
      },
      onEnd: done,
      forceFlush: done,
      shutdown: done,
    };
    const bridge = startBridge({}, { before: [wrapping] });
    const root = bridge.tracer.startSpan("root");
    for (const name of ["plain", "wrapped", "plain", "wrapped"]) {
      const child = bridge.child(root, name);
      child.recordException(new Error(name));
      child.end();
    }
    root.end();
    await bridge.flushed();
    expect(seen).toEqual(["wrapped", "wrapped"]);
  });

  it("works behind a batch processor, and in front of one", async () => {
    const exporters = [new InMemorySpanExporter(), new InMemorySpanExporter()] as const;
    const bridge = startBridge(
      {},
      {
        before: [new BatchSpanProcessor(exporters[0])],
        after: [new BatchSpanProcessor(exporters[1])],
      },
    );
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    root.end();
    await bridge.provider.forceFlush();
    expect(exporters.map((exporter) => exporter.getFinishedSpans().length)).toEqual([2, 2]);
    expect(bridge.transport.transactions()).toHaveLength(1);
  });
});

describe("several clients in one provider", () => {
  it("get all spans each, and account for themselves", async () => {
    const transport = createMemoryTransport();
    const client = createClient({
      dsn: DSN.replace("/42", "/43"),
      transport,
      tracesSampler: ({ name }) => name !== "first only",
    });
    const bridge = startBridge({}, { after: [new SentrySpanProcessor(client)] });
    for (const name of ["both", "first only"]) {
      const root = bridge.tracer.startSpan(name);
      bridge.child(root).end();
      root.end();
    }
    await bridge.provider.forceFlush();
    expect(bridge.transport.transactions().map(({ transaction }) => transaction)).toEqual([
      "both",
      "first only",
    ]);
    expect(transport.transactions().map(({ transaction }) => transaction)).toEqual(["both"]);
    expect(client.stats().spans).toMatchObject({
      started: 4,
      sent: 2,
      dropped: { sample_rate: 2 },
    });
    expect(bridge.client.stats().spans).toMatchObject({ started: 4, sent: 4, dropped: {} });
    await client.close();
    assertSettled(client);
  });

  it("share the unit of work: both transactions have its user", async () => {
    const transport = createMemoryTransport();
    const client = createClient({ dsn: DSN, transport });
    const bridge = startBridge({}, { after: [new SentrySpanProcessor(client)] });
    const ctx = forkIsolation(ROOT_CONTEXT, (scope) => scope.setUser({ id: "u1" }));
    const root = bridge.tracer.startSpan("root", {}, ctx);
    getIsolationScope(contextOf(root, ctx)).setTag("set", "later");
    root.end();
    await bridge.provider.forceFlush();
    for (const sink of [bridge.transport, transport]) {
      expect(sink.transactions()).toMatchObject([{ user: { id: "u1" }, tags: { set: "later" } }]);
    }
    await client.close();
    assertSettled(client);
  });

  it("and one that fails does not take the other with it", async () => {
    const client = createClient({ dsn: DSN, transport: { send: throwing, close: throwing } });
    const bridge = startBridge({}, { before: [new SentrySpanProcessor(client)] });
    bridge.tracer.startSpan("root").end();
    expect(await bridge.flushed()).toHaveLength(1);
    await client.close();
    assertSettled(client);
    expect(client.stats().spans).toMatchObject({ started: 1, sent: 0 });
  });
});

describe("one client in several providers", () => {
  it("takes the spans of each, with the resource of each", async () => {
    const bridge = startBridge({ release: "shop@1" });
    const provider = new BasicTracerProvider({
      spanProcessors: [new SentrySpanProcessor(bridge.client)],
    });
    provider.getTracer("second").startSpan("second").end();
    bridge.tracer.startSpan("first").end();
    await provider.shutdown();
    const transactions = await bridge.flushed();
    expect(transactions.map(({ transaction }) => transaction).toSorted()).toEqual([
      "first",
      "second",
    ]);
    expect(bridge.client.stats().spans).toMatchObject({ started: 2, sent: 2 });
  });
});

it("a processor that is registered twice counts each span once", async () => {
  const transport = createMemoryTransport();
  const client = createClient({ dsn: DSN, transport });
  const processor = new SentrySpanProcessor(client);
  const provider = new BasicTracerProvider({ spanProcessors: [processor, processor] });
  const tracer = provider.getTracer("test");
  const root = tracer.startSpan("root", {}, ROOT_CONTEXT);
  tracer.startSpan("child", {}, contextOf(root)).end();
  root.end();
  expect(client.stats().spans).toMatchObject({ started: 2, open: 0 });
  await client.flush();
  expect(client.stats().spans).toMatchObject({ started: 2, sent: 2 });
  await client.close();
});
