import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { FinishedSpan } from "../../src/trace/span.js";
import { originOf } from "./assembler-kit.js";
import { createBatchKit } from "./batch-kit.js";
import type { BatchKit, BatchKitSettings } from "./batch-kit.js";
import { TRACE_ID, idOf, newSpanId, spanOf } from "./hand-made-span.js";
import type { SpanChanges } from "./hand-made-span.js";

const OTHER_TRACE = "b".repeat(32);
let kit: BatchKit;

beforeEach(() => {
  kit = createBatchKit();
});

afterEach(async () => {
  await kit.assembler.flush();
  kit.assertSettled();
});

function use(settings: BatchKitSettings): void {
  kit = createBatchKit(settings);
}

function childOf(parent: FinishedSpan, changes: SpanChanges = {}): FinishedSpan {
  const { traceId, spanId } = parent.spanContext();
  return spanOf({ traceId, parentSpanId: spanId, ...changes });
}

function remoteRoot(parentSpanId: string): FinishedSpan {
  const parent = { traceId: TRACE_ID, spanId: parentSpanId, traceFlags: 1, isRemote: true };
  return spanOf({ parentSpanContext: parent });
}

function childrenOf(parent: FinishedSpan, count: number, text = ""): FinishedSpan[] {
  return Array.from({ length: count }, () => childOf(parent, { attributes: { text } }));
}

describe("a local root takes its descendants", () => {
  it("from its own batch, whether they come before it or after it", () => {
    const root = spanOf();
    const [before, after] = [childOf(root), childOf(root)];
    kit.assembler.accept([before, root, after]);
    expect(kit.sent).toMatchObject([
      { spanId: idOf(root), children: [idOf(before), idOf(after)], reason: undefined },
    ]);
    expect(kit.pendingTimers).toBe(0);
  });

  it("from earlier batches", () => {
    const root = spanOf();
    const child = childOf(root);
    const grandchild = childOf(child);
    for (const span of [grandchild, child]) kit.assembler.accept([span]);
    expect(kit.sent).toEqual([]);
    expect(kit.assembler.counts()).toEqual({ started: 2, open: 0, buffered: 2 });
    kit.assembler.accept([root]);
    expect(kit.sent).toMatchObject([
      { spanId: idOf(root), children: [idOf(child), idOf(grandchild)] },
    ]);
  });

  it("and leaves those of other roots of its trace, and of other traces", () => {
    const [mine, theirs, other] = [
      spanOf(),
      remoteRoot(newSpanId()),
      spanOf({ traceId: OTHER_TRACE }),
    ];
    const spans = [childOf(mine), childOf(theirs), childOf(other)];
    kit.assembler.accept([...spans, mine, theirs, other]);
    expect(kit.sent.map(({ spanId, children }) => [spanId, ...children])).toEqual(
      [mine, theirs, other].map((root, i) => [root, spans[i]].map((span) => span && idOf(span))),
    );
  });

  it("of a process that calls itself as two roots: what is remote is a root", () => {
    const root = spanOf();
    const call = childOf(root);
    const served = remoteRoot(idOf(call));
    const work = childOf(served);
    kit.assembler.accept([work, served, call, root]);
    expect(kit.sent).toMatchObject([
      { spanId: idOf(served), children: [idOf(work)] },
      { spanId: idOf(root), children: [idOf(call)] },
    ]);
    expect(kit.sent[0]?.parents.get(idOf(served))).toBe(idOf(call));
  });

  it("and no more of them than one transaction holds; none is lost", () => {
    const root = spanOf();
    const children = childrenOf(root, 5000);
    for (let at = 0; at < 5000; at += 512) kit.assembler.accept(children.slice(at, at + 512));
    kit.assembler.accept([root]);
    expect(kit.sentIds().toSorted()).toEqual([root, ...children].map(idOf).toSorted());
    const [first, ...others] = kit.sent;
    expect(first).toMatchObject({ spanId: idOf(root), reason: undefined });
    for (const { children: spans } of kit.sent) expect(spans.length).toBeLessThanOrEqual(1000);
    for (const { reason, parents } of others) {
      expect(reason).toBe("overflow");
      expect(new Set(parents.values())).toEqual(new Set([idOf(root)]));
    }
    expect(kit.sent).toHaveLength(5);
  });

  it.each(["x", "語", "\u0001"])("split so that no item is too large (%j)", (character) => {
    const root = spanOf();
    kit.assembler.accept([...childrenOf(root, 100, character.repeat(30_000)), root]);
    expect(kit.sent.length).toBeGreaterThan(1);
    for (const { assembled } of kit.sent) {
      const bytes = Buffer.byteLength(assembled.head.traceContext + assembled.spans);
      expect(bytes).toBeLessThan(1_048_576);
    }
    expect(kit.sentIds()).toHaveLength(101);
  });
});

describe("spans whose root does not come", () => {
  it("wait at least half of the wait, and go after all of it", async () => {
    const child = childOf(spanOf());
    kit.assembler.accept([child]);
    await kit.round();
    expect(kit.sent).toEqual([]);
    await kit.round();
    expect(kit.sent).toMatchObject([{ spanId: idOf(child), reason: "orphan" }]);
    expect(kit.pendingTimers).toBe(0);
  });

  it("do not go with a round that comes soon after them", async () => {
    const first = childOf(spanOf());
    kit.assembler.accept([first]);
    await kit.round();
    const second = childOf(spanOf({ traceId: OTHER_TRACE }));
    kit.assembler.accept([second]);
    await kit.round();
    expect(kit.sentIds()).toEqual([idOf(first)]);
    await kit.round();
    expect(kit.sentIds()).toEqual([idOf(first), idOf(second)]);
  });

  it("go on flush, with their true parents; one transaction for all of a trace", async () => {
    const root = spanOf();
    const child = childOf(root);
    const grandchild = childOf(child);
    kit.assembler.accept([child, grandchild]);
    await kit.assembler.flush();
    expect(kit.sent).toMatchObject([
      { spanId: idOf(child), children: [idOf(grandchild)], reason: "orphan" },
    ]);
    expect(kit.sent[0]?.parents).toEqual(
      new Map([
        [idOf(child), idOf(root)],
        [idOf(grandchild), idOf(child)],
      ]),
    );
    expect(kit.pendingTimers).toBe(0);
  });

  it("go after their root when they come after it", async () => {
    const root = spanOf();
    const late = childOf(root);
    kit.assembler.accept([root]);
    kit.assembler.accept([late]);
    await kit.round();
    await kit.round();
    expect(kit.sent).toMatchObject([
      { spanId: idOf(root), children: [], reason: undefined },
      { spanId: idOf(late), reason: "orphan" },
    ]);
  });

  it("go in several transactions when they are many", async () => {
    kit.assembler.accept(childrenOf(spanOf(), 5000));
    await kit.assembler.flush();
    expect(kit.sentIds()).toHaveLength(5000);
    for (const { children, reason } of kit.sent) {
      expect(children.length + 1).toBeLessThanOrEqual(1000);
      expect(reason).toBe("orphan");
    }
  });

  it("leave in portions when they are of very many traces", async () => {
    for (let i = 0; i < 1000; i++) {
      kit.assembler.accept([childOf(spanOf({ traceId: `${i}`.padStart(32, "a") }))]);
    }
    await kit.round();
    const passing = kit.round();
    const atOnce = kit.sent.length;
    await passing;
    await kit.assembler.flush();
    expect(kit.sent).toHaveLength(1000);
    expect(atOnce).toBeLessThanOrEqual(100);
  });

  it("leave a wait that is as long for those that come later", async () => {
    for (let round = 0; round < 5; round++) {
      const child = childOf(spanOf({ traceId: `${round}`.repeat(31) + "a" }));
      kit.assembler.accept([child]);
      await kit.round();
      expect(kit.sentIds()).not.toContain(idOf(child));
      await kit.round();
      expect(kit.sentIds()).toContain(idOf(child));
    }
  });
});

describe("the bound on what waits", () => {
  it("lets the oldest trace go first, and loses nothing", () => {
    use({ maxBufferedLength: 100_000 });
    const roots = Array.from({ length: 20 }, (_, i) =>
      spanOf({ traceId: (i + 1).toString(16).padStart(32, "a") }),
    );
    for (const root of roots) kit.assembler.accept(childrenOf(root, 10, "x".repeat(1000)));
    expect(kit.assembler.counts().buffered).toBeLessThan(100);
    expect(kit.sent[0]).toMatchObject({
      reason: "orphan",
      traceId: roots[0]?.spanContext().traceId,
    });
    kit.assembler.accept(roots);
    expect(kit.sentIds()).toHaveLength(20 * 11);
    expect(new Set(kit.sentIds()).size).toBe(20 * 11);
  });

  it("is kept by a single span that is larger than it", () => {
    use({ maxBufferedLength: 1000 });
    kit.assembler.accept(childrenOf(spanOf(), 1, "x".repeat(5000)));
    expect(kit.assembler.counts()).toEqual({ started: 1, open: 0, buffered: 0 });
    expect(kit.pendingTimers).toBe(0);
  });

  // They wait as the parents of others, and have no text that would count.
  it("counts spans that a filter left out, until they have gone", () => {
    use({ isIgnored: ({ name }) => name === "health" });
    const healthOf = (count: number): FinishedSpan[] =>
      Array.from({ length: count }, () => childOf(spanOf(), { name: "health" }));
    const first = childOf(spanOf({ traceId: OTHER_TRACE }));
    kit.assembler.accept([first, ...healthOf(100_000)]);
    expect(kit.sent).toEqual([]);
    kit.assembler.accept(healthOf(1));
    expect(kit.sent).toMatchObject([{ spanId: idOf(first), reason: "orphan" }]);
    const second = childOf(spanOf({ traceId: OTHER_TRACE }));
    kit.assembler.accept([second, ...healthOf(50_000)]);
    expect(kit.sent).toHaveLength(1);
  });

  it("is free again once roots have taken what waited", () => {
    use({ maxBufferedLength: 50_000 });
    for (let round = 0; round < 20; round++) {
      const root = spanOf();
      kit.assembler.accept(childrenOf(root, 10, "x".repeat(1000)));
      kit.assembler.accept([root]);
    }
    expect(kit.sent.every(({ reason }) => reason === undefined)).toBe(true);
    expect(kit.sent).toHaveLength(20);
  });
});

describe("what is not sampled", () => {
  it("is counted: root, children and what had no root", async () => {
    use({ originOf: () => originOf("sample_rate") });
    const root = spanOf();
    kit.assembler.accept([childOf(root), childOf(root), root]);
    expect(kit.ledger.snapshot()).toEqual({
      span: { sample_rate: 3 },
      transaction: { sample_rate: 1 },
    });
    kit.assembler.accept([childOf(root)]);
    await kit.assembler.flush();
    expect(kit.sent).toEqual([]);
    expect(kit.ledger.snapshot()).toEqual({
      span: { sample_rate: 4 },
      transaction: { sample_rate: 1 },
    });
  });

  it("is decided once per root", () => {
    const asked: string[] = [];
    use({
      originOf: (span) => {
        if (span.parentSpanContext === undefined) asked.push(idOf(span));
        return originOf();
      },
    });
    const root = spanOf();
    kit.assembler.accept([...childrenOf(root, 5), root]);
    expect(asked).toEqual([idOf(root)]);
  });
});
