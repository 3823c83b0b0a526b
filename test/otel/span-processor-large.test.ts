import type { Attributes } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { TRACES_PER_BATCH } from "../../src/context/open-roots.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge, BridgeSetup } from "../client/bridge.js";
import { collectGarbage } from "../client/collect-garbage.js";

const MEBIBYTE = 1_048_576;

function sizesOf({ transport }: Bridge): number[] {
  return transport.envelopes.flatMap(({ items }) => items.map((item) => item.payload.length));
}

describe("a root with 5,000 children", () => {
  it("arrives with all of them, each once, in transactions of a thousand", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("batch");
    const rootId = root.spanContext().spanId;
    const started = new Set([rootId]);
    for (let index = 0; index < 5000; index++) {
      const child = bridge.child(root, `item ${index}`);
      started.add(child.spanContext().spanId);
      child.end();
    }
    root.end();
    const transactions = await bridge.flushed();
    const spans = transactions.flatMap(({ contexts, spans: entries }) => [
      contexts.trace,
      ...entries,
    ]);
    expect(spans).toHaveLength(5001);
    expect(new Set(spans.map((span) => span?.span_id))).toEqual(started);
    for (const { spans: entries } of transactions) expect(entries.length).toBeLessThanOrEqual(1000);
    expect(new Set(spans.map((span) => span?.trace_id))).toEqual(
      new Set([root.spanContext().traceId]),
    );
    const parents = new Set(
      spans.filter((span) => span?.span_id !== rootId).map((span) => span?.parent_span_id),
    );
    expect(parents).toEqual(new Set([rootId]));
    expect(spans.find((span) => span?.span_id === rootId)?.parent_span_id).toBeUndefined();
    expect(bridge.client.stats().spans).toMatchObject({ started: 5001, sent: 5001, dropped: {} });
  });

  it("and a depth of 5,000 arrives with its chain of parents whole", async () => {
    const bridge = startBridge();
    const chain = [bridge.tracer.startSpan("0")];
    for (let depth = 1; depth <= 5000; depth++)
      chain.push(bridge.child(chain.at(-1) ?? bridge.tracer.startSpan("lost"), `${depth}`));
    for (const span of chain.toReversed()) span.end();
    const transactions = await bridge.flushed();
    const parents = new Map(
      transactions
        .flatMap(({ contexts, spans }) => [contexts.trace, ...spans])
        .map((span) => [span?.span_id, span?.parent_span_id]),
    );
    expect(parents.size).toBe(5001);
    const ids = chain.map((span) => span.spanContext().spanId);
    expect(ids.filter((id, depth) => parents.get(id) !== ids[depth - 1])).toEqual([]);
  });
});

describe("large spans", () => {
  it.each<[string, string]>([
    ["ASCII", "x".repeat(30_000)],
    ["two bytes per character", "é".repeat(30_000)],
    ["three bytes per character", "語".repeat(30_000)],
    ["four bytes per two characters", "😀".repeat(15_000)],
    ["characters that JSON escapes", "\u0001".repeat(30_000)],
  ])("(%s) arrive in items of 1 MiB at most, all of them", async (_, text) => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    for (let index = 0; index < 100; index++)
      bridge.child(root, `${index}`, { attributes: { text } }).end();
    root.end();
    const transactions = await bridge.flushed();
    expect(transactions.length).toBeGreaterThan(1);
    expect(Math.max(...sizesOf(bridge))).toBeLessThanOrEqual(MEBIBYTE);
    expect(bridge.client.stats().spans.sent).toBe(101);
  });

  it("keep their attributes as long as the transaction can be split", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root");
    const text = "x".repeat(30_000);
    for (let index = 0; index < 100; index++)
      bridge.child(root, `${index}`, { attributes: { text } }).end();
    root.end();
    const transactions = await bridge.flushed();
    const texts = transactions
      .flatMap(({ contexts, spans }) => [contexts.trace, ...spans])
      .map((span) => span?.data?.["text"]);
    expect(texts.filter((value) => value === text)).toHaveLength(100);
  });

  it("beside a large root and a large scope fit, too", async () => {
    const bridge = startBridge({ environment: "e".repeat(1000), release: "r".repeat(1000) });
    const attributes: Attributes = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`key${index}`, "é".repeat(30_000)]),
    );
    const root = bridge.tracer.startSpan("root", { attributes });
    for (let index = 0; index < 40; index++)
      bridge.child(root, "child", { attributes: { text: "é".repeat(30_000) } }).end();
    root.end();
    const transactions = await bridge.flushed();
    expect(Math.max(...sizesOf(bridge))).toBeLessThanOrEqual(MEBIBYTE);
    expect(transactions[0]).toMatchObject({
      environment: "e".repeat(64),
      release: "r".repeat(200),
    });
  });
});

describe("the bound on what waits for its root", () => {
  const setup: BridgeSetup = { leavesOpen: true };

  it("lets the children of open roots go in part, and loses none", async () => {
    const bridge = startBridge({ maxBufferedBytes: 200_000 }, setup);
    const roots = Array.from({ length: 20 }, () => bridge.tracer.startSpan("root"));
    for (let round = 0; round < 30; round++) {
      for (const root of roots)
        bridge.child(root, "child", { attributes: { text: "x".repeat(500) } }).end();
      // Round by round: what is flushed is no longer in the way.
      await bridge.client.flush();
    }
    expect(bridge.client.stats().spans).toMatchObject({
      started: 620,
      sent: 600,
      open: 20,
      dropped: {},
    });
  });

  it("is all that roots which never end cost, once the application has forgotten them", async () => {
    const bridge = startBridge({}, setup);
    const roots = (): WeakRef<object>[] =>
      Array.from({ length: 1000 }, () => {
        const root = bridge.tracer.startSpan("never", { attributes: { text: "x".repeat(1000) } });
        bridge.child(root, "done").end();
        bridge.child(root, "never either");
        return new WeakRef(root);
      });
    const forgotten = roots();
    await bridge.client.flush(60_000);
    await collectGarbage();
    const alive = forgotten.filter((root) => root.deref() !== undefined);
    // Those that began last are held until others begin.
    expect(alive.length).toBeLessThanOrEqual(TRACES_PER_BATCH);
    expect(bridge.client.stats().spans).toMatchObject({ started: 3000, sent: 1000, open: 2000 });
  });
});
