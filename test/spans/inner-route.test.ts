import { SpanKind } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import type { ReceivedTransaction } from "../../src/testing/received.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";
import { spanOf } from "./hand-made-span.js";
import { CASES, served } from "./inner-route-cases.js";
import type { Inner } from "./inner-route-cases.js";
import { startExporter } from "../otel/span-exporter-kit.js";

function titled({ transaction, transaction_info: info, contexts }: ReceivedTransaction): string {
  expect(contexts.trace?.data?.["sentry.source"]).toBe(info?.source);
  return `${transaction} ${info?.source}`;
}

function startInner(bridge: Bridge, parent: Span, { attributes, kind }: Inner): Span {
  return bridge.child(parent, "inner", { attributes, ...(kind !== undefined && { kind }) });
}

describe("a transaction of a server is named after", () => {
  it.each(CASES)("%s", async (_, { root, inner, want, name = "GET" }) => {
    const bridge = startBridge();
    const outer = bridge.tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: root });
    const spans: Span[] = [];
    for (const each of inner) spans.push(startInner(bridge, spans.at(-1) ?? outer, each));
    const isLate = inner.some(({ late }) => late !== undefined);
    if (isLate) outer.end();
    for (const [index, { late = {} }] of [...inner.entries()].toReversed())
      spans[index]?.setAttributes(late).end();
    if (!isLate) outer.end();
    const [transaction] = await bridge.flushed();
    expect(transaction && titled(transaction)).toBe(want);
  });

  it.each(CASES)("%s, behind a batch processor", async (_, { root, inner, want, name = "GET" }) => {
    const outer = spanOf({ name, kind: SpanKind.SERVER, attributes: root });
    const spans = [outer];
    for (const { attributes, kind = SpanKind.INTERNAL, late = {} } of inner) {
      const parentSpanId = spans.at(-1)?.spanContext().spanId ?? "";
      spans.push(spanOf({ kind, attributes: { ...attributes, ...late }, parentSpanId }));
    }
    const bench = startExporter();
    bench.export(...spans.toReversed());
    const [transaction] = await bench.flushed();
    expect(transaction && titled(transaction)).toBe(want);
  });
});

describe("a route that an inner span knows", () => {
  it("is in the data of the root, and in the sampling context of its envelope", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("GET", {
      kind: SpanKind.SERVER,
      attributes: served("/a/7"),
    });
    bridge.child(root, "inner", { attributes: { "http.route": "/a/:id" } }).end();
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts.trace?.data).toMatchObject({ "http.route": "/a/:id" });
    expect(bridge.transport.envelopes.at(-1)?.header).toMatchObject({
      trace: { transaction: "GET /a/:id" },
    });
  });

  it("names no transaction of another kind", async () => {
    const bridge = startBridge();
    for (const kind of [SpanKind.INTERNAL, SpanKind.CONSUMER, SpanKind.CLIENT]) {
      const root = bridge.tracer.startSpan("GET", { kind, attributes: served("/a/7") });
      bridge.child(root, "inner", { attributes: { "http.route": "/a/:id" } }).end();
      root.end();
    }
    const names = (await bridge.flushed()).map(({ transaction }) => transaction);
    expect(names).not.toContain("GET /a/:id");
  });

  it("is looked for in the first 50 different ones", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("GET", {
      kind: SpanKind.SERVER,
      attributes: served("/a/7"),
    });
    for (let index = 0; index < 60; index++) {
      const value = index === 49 ? "/a/:fits" : index === 50 ? "/a/7" : `/b/${index}/:x`;
      bridge.child(root, "inner", { attributes: { "http.route": value } }).end();
    }
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.transaction).toBe("GET /a/:fits");
  });
});
