import { SpanKind } from "@opentelemetry/api";
import type { Attributes, Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import type { ClientOptions } from "../../src/index.js";
import type { ReceivedTransaction } from "../../src/testing/received.js";
import { startBridge } from "../client/bridge.js";
import { spanOf } from "./hand-made-span.js";
import { startExporter } from "../otel/span-exporter-kit.js";

type Patterns = NonNullable<ClientOptions["ignoreSpans"]>;

const QUERY = { "db.system.name": "postgresql", "db.query.text": "SELECT 1" };
const CALL = { "http.request.method": "POST", "url.full": "https://collector.internal/v1/traces" };
const CHAT = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini" };

/** A child span by its OTel name and attributes; */
interface Child {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

const CASES: readonly (readonly [string, Patterns, Child])[] = [
  [
    "a query's text",
    [/^SELECT 1$/],
    { name: "pg.query:SELECT shop", kind: SpanKind.CLIENT, attributes: QUERY },
  ],
  [
    "a part of it, and its op",
    [{ op: "db", name: "LECT" }],
    { name: "q", kind: SpanKind.CLIENT, attributes: QUERY },
  ],
  [
    "OTel's name of a query",
    ["pg.query:SELECT"],
    { name: "pg.query:SELECT shop", kind: SpanKind.CLIENT, attributes: QUERY },
  ],
  [
    "a URL",
    [{ op: "http.client", name: /collector\.internal/ }],
    { name: "POST", kind: SpanKind.CLIENT, attributes: CALL },
  ],
  [
    "the model",
    [{ op: "gen_ai.chat", name: /gpt-4o-mini/ }],
    { name: "chat", kind: SpanKind.CLIENT, attributes: CHAT },
  ],
  ["a pattern with a memory", [/SELECT/g], { name: "q", kind: SpanKind.CLIENT, attributes: QUERY }],
  ["an op alone", [{ op: /^db$/ }], { name: "q", kind: SpanKind.CLIENT, attributes: QUERY }],
  [
    "name and attribute",
    [{ name: "SELECT 1", attributes: { "db.system.name": /^post/ } }],
    { name: "q", kind: SpanKind.CLIENT, attributes: QUERY },
  ],
];

function described({ spans }: ReceivedTransaction): Record<string, string | undefined> {
  return Object.fromEntries(spans.map((span) => [span.description, span.parent_span_id]));
}

describe("a span is left out by", () => {
  it.each(CASES)("%s", async (_, ignoreSpans, { attributes, name, kind }) => {
    const bridge = startBridge({ ignoreSpans });
    const root = bridge.tracer.startSpan("root");
    for (let index = 0; index < 3; index++) {
      const late = bridge.child(root, name, { kind });
      late.setAttributes(attributes).end();
      bridge.child(root, name, { kind, attributes }).end();
    }
    bridge.child(root, "kept").end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction && Object.keys(described(transaction))).toEqual(["kept"]);
    expect(bridge.client.stats().spans).toMatchObject({ sent: 2, dropped: { ignored: 6 } });
  });

  it.each(CASES)("%s, behind a batch processor", async (_, ignoreSpans, child) => {
    const root = spanOf({ name: "root" });
    const parentSpanId = root.spanContext().spanId;
    const ignored = spanOf({ ...child, parentSpanId });
    const inside = spanOf({ name: "inside", parentSpanId: ignored.spanContext().spanId });
    const bench = startExporter({ ignoreSpans });
    bench.export(inside, ignored, root);
    const [transaction] = await bench.flushed();
    expect(transaction && described(transaction)).toEqual({ inside: parentSpanId });
    expect(bench.client.stats().spans).toMatchObject({ sent: 2, dropped: { ignored: 1 } });
  });

  it.each<[string, Patterns]>([
    ["another op", [{ op: "http", name: "SELECT 1" }]],
    ["another name", [{ op: "db", name: "SELECT 2" }]],
    ["its op where a name is meant", ["db.query"]],
    ["nothing", []],
  ])("not by %s", async (_, ignoreSpans) => {
    const bridge = startBridge({ ignoreSpans });
    const root = bridge.tracer.startSpan("root");
    bridge.child(root, "q", { attributes: QUERY }).end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.spans).toHaveLength(1);
  });
});

function end(span: Span): void {
  span.setAttributes(QUERY).end();
}

describe("children of a span that is left out when it ends", () => {
  it("become its parent's: those that have ended, those that end later, and those in between", async () => {
    const bridge = startBridge({ ignoreSpans: [/^SELECT 1$/] });
    const root = bridge.tracer.startSpan("root");
    const outer = bridge.child(root, "outer");
    const inner = bridge.child(outer, "inner");
    bridge.child(inner, "before").end();
    bridge.child(outer, "before, of outer").end();
    const after = bridge.child(inner, "after");
    end(inner);
    bridge.child(inner, "started after").end();
    end(outer);
    after.end();
    root.end();
    const [transaction] = await bridge.flushed();
    const { spanId } = root.spanContext();
    expect(transaction && described(transaction)).toEqual({
      before: spanId,
      "before, of outer": spanId,
      after: spanId,
      "started after": spanId,
    });
  });

  it("keep their parent's id where they were sent before", async () => {
    const bridge = startBridge({ ignoreSpans: [/^SELECT 1$/] });
    const root = bridge.tracer.startSpan("root");
    const outer = bridge.child(root, "outer");
    bridge.child(outer, "sent").end();
    await bridge.client.flush();
    end(outer);
    bridge.child(outer, "later").end();
    root.end();
    const [partial, transaction] = await bridge.flushed();
    expect(partial?.contexts.trace?.parent_span_id).toBe(outer.spanContext().spanId);
    expect(transaction && described(transaction)).toEqual({ later: root.spanContext().spanId });
    bridge.know(outer.spanContext().spanId);
  });

  it("have text in their attributes that is left alone", async () => {
    const bridge = startBridge({ ignoreSpans: [/^SELECT 1$/] });
    const root = bridge.tracer.startSpan("root");
    const outer = bridge.child(root, "outer");
    const text = `"parent_span_id":"${outer.spanContext().spanId}"`;
    bridge.child(outer, "inner", { attributes: { text } }).end();
    end(outer);
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.spans[0]?.data).toMatchObject({ text });
  });
});

describe("a request is left out by", () => {
  const health = { "http.request.method": "GET", "url.path": "/health/7" };

  it.each<[string, ClientOptions]>([
    ["the name it has in the end", { ignoreSpans: ["GET /health/:id"] }],
    ["its op", { ignoreSpans: [{ op: "http.server", name: /health/ }] }],
    ["the transaction's name", { ignoreTransactions: ["GET /health/:id"] }],
    [
      "the transaction's name and op",
      { ignoreTransactions: [{ op: "http.server", name: /^GET \/health/g }] },
    ],
    ["the transaction's op", { ignoreTransactions: [{ op: /^http\.server$/ }] }],
    ["OTel's name of its span", { ignoreTransactions: [/^GET$/] }],
  ])("%s", async (_, options) => {
    const bridge = startBridge(options);
    for (let index = 0; index < 2; index++) {
      const root = bridge.tracer.startSpan("GET", { kind: SpanKind.SERVER, attributes: health });
      bridge.child(root, "inside").end();
      root.setAttribute("http.route", "/health/:id").end();
    }
    bridge.tracer.startSpan("kept").end();
    const names = (await bridge.flushed()).map(({ transaction }) => transaction);
    expect(names).toEqual(["kept"]);
    const { spans, transactions } = bridge.client.stats();
    const reason = "ignoreSpans" in options ? "ignored" : "event_processor";
    expect(spans).toMatchObject({ sent: 1, dropped: { [reason]: 4 } });
    expect(transactions.dropped).toEqual({ [reason]: 2 });
  });

  it("a route that only an inner span knows", async () => {
    const bridge = startBridge({ ignoreTransactions: ["/health/:id"] });
    const root = bridge.tracer.startSpan("GET", { kind: SpanKind.SERVER, attributes: health });
    bridge.child(root, "handler", { attributes: { "http.route": "/health/:id" } }).end();
    root.end();
    expect(await bridge.flushed()).toEqual([]);
  });

  it("behind a batch processor, with all that is inside", async () => {
    const root = spanOf({
      name: "GET",
      kind: 1,
      attributes: { ...health, "http.route": "/health/:id" },
    });
    const inside = spanOf({ parentSpanId: root.spanContext().spanId });
    const bench = startExporter({ ignoreSpans: ["GET /health/:id"] });
    bench.export(inside, root);
    expect(await bench.flushed()).toEqual([]);
    expect(bench.client.stats().spans).toMatchObject({ dropped: { ignored: 2 } });
  });
});
