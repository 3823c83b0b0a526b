import { afterEach, describe, expect, it } from "vitest";

import type { FinishedSpan } from "../../src/trace/span.js";
import { createKit, originOf } from "./assembler-kit.js";
import type { AssemblerKit, KitSettings } from "./assembler-kit.js";
import { idOf, spanOf } from "./hand-made-span.js";

let kit: AssemblerKit;

afterEach(() => {
  kit.assertBalanced();
});

interface Family {
  readonly root: FinishedSpan;
  readonly children: readonly FinishedSpan[];
  readonly finishRoot: () => void;
}

// A root with children that have ended; the root is still open.
function startFamily(count: number, attributes: object = {}): Family {
  const root = spanOf();
  const segment = kit.assembler.begin(originOf(), root);
  const children = Array.from({ length: count }, () =>
    spanOf({ parentSpanId: idOf(root), attributes: { ...attributes } }),
  );
  for (const child of children) {
    kit.assembler.join(segment);
    kit.assembler.finish(segment, child);
  }
  return { root, children, finishRoot: () => kit.assembler.finish(segment, root) };
}

function assemble(settings: KitSettings = {}): void {
  kit = createKit(settings);
}

function sentIds(): string[] {
  return kit.sent.flatMap(({ spanId, children }) => [spanId, ...children]);
}

describe("a root with more children than a transaction holds", () => {
  it.each([999, 1000, 1001, 2000, 2001, 5000])("sends all of %i, each once", (count) => {
    assemble();
    const { root, children, finishRoot } = startFamily(count);
    finishRoot();
    expect(sentIds().toSorted()).toEqual([root, ...children].map(idOf).toSorted());
    for (const { children: spans } of kit.sent) expect(spans.length).toBeLessThanOrEqual(1000);
    expect(kit.sent).toHaveLength(Math.max(1, Math.ceil(count / 1000)));
  });

  it("puts the first thousand under the root, and the rest in continuations with their true parent", () => {
    assemble();
    const { root, children, finishRoot } = startFamily(2500);
    finishRoot();
    const head = kit.sent.find(({ spanId }) => spanId === idOf(root));
    expect(head?.children).toEqual(children.slice(0, 1000).map(idOf));
    const others = kit.sent.filter((transaction) => transaction !== head);
    for (const { reason, spanId, parents, traceIds } of others) {
      expect(reason).toBe("overflow");
      expect(parents.get(spanId)).toBe(idOf(root));
      expect(new Set(parents.values())).toEqual(new Set([idOf(root)]));
      expect(traceIds).toEqual(head?.traceIds);
    }
  });

  it("holds two transactions of them at most, however many there are", () => {
    assemble();
    const { finishRoot } = startFamily(20_000);
    expect(kit.assembler.counts().buffered).toBeLessThanOrEqual(2000);
    finishRoot();
    expect(kit.assembler.counts().buffered).toBe(0);
  });
});

describe("children of much JSON", () => {
  it.each([
    ["ASCII", "x".repeat(30_000)],
    ["two bytes per character", "é".repeat(30_000)],
    ["three bytes per character", "語".repeat(30_000)],
    ["six characters per character", "\u0001".repeat(30_000)],
  ])("(%s) are split before they are too much for one item", (_, text) => {
    assemble();
    const { finishRoot } = startFamily(200, { text });
    finishRoot();
    expect(kit.sent.length).toBeGreaterThan(1);
    for (const { assembled } of kit.sent) {
      expect(assembled.head.traceContext.length + assembled.spans.length).toBeLessThan(1_048_576);
    }
    expect(sentIds()).toHaveLength(201);
  });
});

describe("the bound on what waits", () => {
  it("holds while roots stay open: the oldest goes first", () => {
    assemble({ maxBufferedLength: 100_000 });
    const families = Array.from({ length: 50 }, () => startFamily(20, { text: "x".repeat(500) }));
    expect(kit.assembler.counts().buffered * 700).toBeLessThan(110_000);
    const first = families[0]?.children.map(idOf) ?? [];
    expect(kit.sent[0]).toMatchObject({ reason: "partial" });
    expect(first).toContain(kit.sent[0]?.spanId);
    for (const { finishRoot } of families) finishRoot();
    expect(sentIds()).toHaveLength(50 * 21);
    expect(new Set(sentIds()).size).toBe(50 * 21);
  });

  it("is kept by a single span that is larger than it, too", () => {
    assemble({ maxBufferedLength: 1000 });
    const { finishRoot, children } = startFamily(3, { text: "x".repeat(5000) });
    expect(kit.sent.map(({ spanId }) => spanId)).toEqual(children.map(idOf));
    finishRoot();
    expect(kit.assembler.counts()).toEqual({ started: 4, open: 0, buffered: 0 });
  });

  it("is free again once things have been sent", () => {
    assemble({ maxBufferedLength: 50_000 });
    for (let round = 0; round < 20; round++)
      startFamily(10, { text: "x".repeat(1000) }).finishRoot();
    expect(kit.sent.every(({ reason }) => reason === undefined)).toBe(true);
    expect(kit.sent).toHaveLength(20);
  });
});
