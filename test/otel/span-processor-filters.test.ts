import { SpanKind } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import type { ClientOptions } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";

interface Chain {
  readonly bridge: Bridge;
  readonly spans: readonly Span[];
}

// root > middle > leaf, and a sibling of middle.
async function runChain(options: ClientOptions): Promise<Chain> {
  const bridge = startBridge(options);
  const root = bridge.tracer.startSpan("root", { kind: SpanKind.SERVER });
  const middle = bridge.child(root, "middle", {
    attributes: { "sentry.op": "cache.get", tier: "inner" },
  });
  const leaf = bridge.child(middle, "leaf");
  const sibling = bridge.child(root, "sibling");
  for (const span of [leaf, middle, sibling, root]) span.end();
  await bridge.client.flush();
  return { bridge, spans: [root, middle, leaf, sibling] };
}

function parentsIn({ bridge }: Chain): Record<string, string | undefined> {
  const entries = bridge.transport.transactions().flatMap(({ spans }) => spans);
  return Object.fromEntries(entries.map((span) => [span.description, span.parent_span_id]));
}

function idAt({ spans }: Chain, index: number): string | undefined {
  return spans[index]?.spanContext().spanId;
}

describe("ignoreSpans", () => {
  it.each<[string, ClientOptions["ignoreSpans"]]>([
    ["by a part of the name", ["mid"]],
    ["by a pattern", [/^MIDDLE$/i]],
    ["by name and op", [{ name: /middle/, op: "cache" }]],
    ["by an attribute", [{ attributes: { tier: "inner" } }]],
    ["by an attribute's pattern", [{ attributes: { tier: /^in/ } }]],
  ])("takes a span out %s; its children become its parent's", async (_, ignoreSpans) => {
    const chain = await runChain({ ignoreSpans });
    expect(parentsIn(chain)).toEqual({ leaf: idAt(chain, 0), sibling: idAt(chain, 0) });
    expect(chain.bridge.client.stats().spans).toMatchObject({
      started: 4,
      sent: 3,
      dropped: { ignored: 1 },
    });
  });

  it.each<[string, ClientOptions["ignoreSpans"]]>([
    ["another op", [{ name: "middle", op: "db" }]],
    ["another attribute", [{ name: "middle", attributes: { tier: "outer" } }]],
    ["an attribute it has not", [{ attributes: { missing: "x" } }]],
  ])("takes none out that only matches in part: %s", async (_, ignoreSpans) => {
    const chain = await runChain({ ignoreSpans });
    expect(chain.bridge.client.stats().spans).toMatchObject({ sent: 4, dropped: {} });
  });

  it("takes several generations out", async () => {
    const chain = await runChain({ ignoreSpans: ["middle", "leaf"] });
    expect(parentsIn(chain)).toEqual({ sibling: idAt(chain, 0) });
    expect(chain.bridge.client.stats().spans.dropped).toEqual({ ignored: 2 });
  });

  it("takes the whole segment out with its root, counted", async () => {
    const chain = await runChain({ ignoreSpans: ["root"] });
    expect(chain.bridge.transport.transactions()).toEqual([]);
    expect(chain.bridge.client.stats().spans.dropped).toEqual({ ignored: 4 });
    expect(chain.bridge.client.stats().transactions.dropped).toEqual({ ignored: 1 });
  });

  it("holds for late children of a span that was taken out", async () => {
    const bridge = startBridge({ ignoreSpans: ["middle"] });
    const root = bridge.tracer.startSpan("root");
    const middle = bridge.child(root, "middle");
    middle.end();
    root.end();
    await bridge.client.flush();
    bridge.child(middle, "late").end();
    const transactions = await bridge.flushed();
    expect(transactions[1]?.contexts.trace?.parent_span_id).toBe(root.spanContext().spanId);
  });
});

describe("ignoreTransactions", () => {
  it("drops by the name that is sent, counted with all of its spans", async () => {
    const bridge = startBridge({ ignoreTransactions: ["GET /health", /^POST/] });
    const attributes = { "http.request.method": "GET", "http.route": "/health" };
    const root = bridge.tracer.startSpan("GET", { kind: SpanKind.SERVER, attributes });
    bridge.child(root).end();
    root.end();
    bridge.tracer.startSpan("kept").end();
    const transactions = await bridge.flushed();
    expect(transactions.map(({ transaction }) => transaction)).toEqual(["kept"]);
    expect(bridge.client.stats().spans).toMatchObject({ sent: 1, dropped: { event_processor: 2 } });
    expect(bridge.client.stats().transactions.dropped).toEqual({ event_processor: 1 });
  });
});

describe("beforeSendSpan", () => {
  it("may change each child; identities stay", async () => {
    const chain = await runChain({
      beforeSendSpan: (span) => ({
        ...span,
        description: `${span.description}!`,
        span_id: "spoofed",
        trace_id: "spoofed",
      }),
    });
    expect(parentsIn(chain)).toEqual({
      "middle!": idAt(chain, 0),
      "leaf!": idAt(chain, 1),
      "sibling!": idAt(chain, 0),
    });
    expect(chain.bridge.client.stats().spans).toMatchObject({ sent: 4, dropped: {} });
  });

  it("drops a child with null; its children become its parent's", async () => {
    const chain = await runChain({
      beforeSendSpan: (span) => (span.description === "middle" ? null : span),
    });
    expect(parentsIn(chain)).toEqual({ leaf: idAt(chain, 0), sibling: idAt(chain, 0) });
    expect(chain.bridge.client.stats().spans).toMatchObject({
      sent: 3,
      dropped: { before_send: 1 },
    });
  });

  it("may drop all children, and the transaction stays", async () => {
    const chain = await runChain({ beforeSendSpan: () => null });
    expect(chain.bridge.transport.transactions()).toMatchObject([
      { transaction: "root", spans: [] },
    ]);
    expect(chain.bridge.client.stats().spans.dropped).toEqual({ before_send: 3 });
  });

  it("sees no root", async () => {
    const seen: unknown[] = [];
    await runChain({
      beforeSendSpan(span) {
        seen.push(span.description);
        return span;
      },
    });
    expect(new Set(seen)).toEqual(new Set(["leaf", "middle", "sibling"]));
  });
});

describe("beforeSendTransaction", () => {
  it("sees the whole event, and what it returns is sent", async () => {
    const chain = await runChain({
      release: "shop@1",
      beforeSendTransaction: (event) => ({
        ...event,
        transaction: `${event.transaction} of ${event.release}`,
        tags: { changed: true },
      }),
    });
    expect(chain.bridge.transport.transactions()).toMatchObject([
      { transaction: "root of shop@1", tags: { changed: "true" } },
    ]);
  });

  it("may take spans out, which are counted", async () => {
    const chain = await runChain({
      beforeSendTransaction: (event) => ({
        ...event,
        spans: event.spans.filter(({ description }) => description === "sibling"),
      }),
    });
    expect(chain.bridge.client.stats().spans).toMatchObject({
      started: 4,
      sent: 2,
      dropped: { before_send: 2 },
    });
  });

  it("drops with null, counted", async () => {
    const chain = await runChain({ beforeSendTransaction: () => null });
    expect(chain.bridge.client.stats().spans.dropped).toEqual({ before_send: 4 });
    expect(chain.bridge.client.stats().transactions.dropped).toEqual({ before_send: 1 });
  });

  it("runs after beforeSendSpan", async () => {
    const counts: number[] = [];
    await runChain({
      beforeSendSpan: (span) => (span.description === "leaf" ? null : span),
      beforeSendTransaction(event) {
        counts.push(event.spans.length);
        return event;
      },
    });
    expect(counts).toEqual([2]);
  });

  it("sees continuations as well", async () => {
    const names: string[] = [];
    const bridge = startBridge({
      beforeSendTransaction(event) {
        names.push(event.transaction);
        return event;
      },
    });
    const root = bridge.tracer.startSpan("root");
    root.end();
    bridge.child(root, "late").end();
    await bridge.client.flush();
    expect(names).toEqual(["root", "late"]);
  });
});
