import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createKit } from "./assembler-kit.js";
import type { AssemblerKit } from "./assembler-kit.js";
import { idOf } from "./hand-made-span.js";

let kit: AssemblerKit;

beforeEach(() => {
  kit = createKit();
});

afterEach(() => {
  kit.assertBalanced();
});

describe("a segment", () => {
  it("is sent in the moment in which its root and all descendants have ended", () => {
    const { root, segment } = kit.begin();
    const child = kit.startChild(segment, root);
    const grandchild = kit.startChild(segment, child);
    kit.end(segment, grandchild, child);
    expect(kit.sent).toEqual([]);
    kit.end(segment, root);
    expect(kit.sent).toMatchObject([
      { spanId: idOf(root), children: [idOf(grandchild), idOf(child)], reason: undefined },
    ]);
    expect(kit.timer.pending).toBeLessThanOrEqual(1);
  });

  it("of a root alone is one transaction, and needs no timer", () => {
    const { root, segment } = kit.begin();
    kit.end(segment, root);
    expect(kit.sent).toMatchObject([{ spanId: idOf(root), children: [] }]);
    expect(kit.timer.pending).toBe(0);
  });

  it("that is complete leaves no timer behind it", () => {
    const { root, segment } = kit.begin();
    const child = kit.startChild(segment, root);
    kit.end(segment, child, root);
    kit.timer.pass(250);
    expect(kit.timer.pending).toBe(0);
  });

  it("takes a child that ends after the root, within the grace", () => {
    const { root, segment } = kit.begin();
    const child = kit.startChild(segment, root);
    kit.end(segment, root);
    kit.timer.pass(500);
    expect(kit.sent).toEqual([]);
    kit.end(segment, child);
    expect(kit.sent).toMatchObject([{ spanId: idOf(root), children: [idOf(child)] }]);
  });

  it("goes without its stragglers when the grace is over, and not before", () => {
    const { root, segment } = kit.begin();
    const finished = kit.startChild(segment, root);
    const straggler = kit.startChild(segment, root);
    kit.end(segment, finished, root);
    kit.timer.pass(1000);
    expect(kit.sent).toEqual([]);
    kit.timer.pass(500);
    expect(kit.sent).toMatchObject([{ spanId: idOf(root), children: [idOf(finished)] }]);
    kit.end(segment, straggler);
    expect(kit.sent).toHaveLength(2);
  });

  it("has a grace that is not extended by spans that end in it", () => {
    const { root, segment } = kit.begin();
    const children = Array.from({ length: 10 }, () => kit.startChild(segment, root));
    const never = kit.startChild(segment, root);
    kit.end(segment, root);
    for (const child of children) {
      kit.timer.pass(140);
      kit.end(segment, child);
    }
    expect(kit.sent[0]?.spanId).toBe(idOf(root));
    kit.end(segment, never);
  });
});

describe("a late child", () => {
  it("goes in a continuation with its true parent, and is marked", () => {
    const { root, segment } = kit.begin();
    const late = kit.startChild(segment, root);
    kit.end(segment, root);
    kit.timer.pass(2000);
    kit.end(segment, late);
    const continuation = kit.sent[1];
    expect(continuation).toMatchObject({ spanId: idOf(late), reason: "late", alreadySent: true });
    expect(continuation?.parents.get(idOf(late))).toBe(idOf(root));
    expect([...(continuation?.traceIds ?? [])]).toEqual([...(kit.sent[0]?.traceIds ?? [])]);
  });

  it("may have started after its root was sent", () => {
    const { root, segment } = kit.begin();
    kit.end(segment, root);
    const late = kit.startChild(segment, root);
    expect(kit.sent).toHaveLength(1);
    kit.end(segment, late);
    expect(kit.sent[1]).toMatchObject({ spanId: idOf(late), reason: "late" });
  });

  it("may have children of its own, at any time", () => {
    const { root, segment } = kit.begin();
    kit.end(segment, root);
    const late = kit.startChild(segment, root);
    const grandchild = kit.startChild(segment, late);
    kit.end(segment, late);
    const greatGrandchild = kit.startChild(segment, grandchild);
    kit.end(segment, greatGrandchild, grandchild);
    const ids = kit.sent.slice(1).flatMap(({ spanId, children }) => [spanId, ...children]);
    expect(new Set(ids)).toEqual(new Set([late, grandchild, greatGrandchild].map(idOf)));
    const afterAll = kit.startChild(segment, greatGrandchild);
    kit.end(segment, afterAll);
    expect(kit.sent.at(-1)?.parents.get(idOf(afterAll))).toBe(idOf(greatGrandchild));
  });

  it("waits for its siblings only as long as the grace", () => {
    const { root, segment } = kit.begin();
    kit.end(segment, root);
    const late = kit.startChild(segment, root);
    const open = kit.startChild(segment, root);
    kit.end(segment, late);
    kit.timer.pass(2000);
    expect(kit.sent[1]).toMatchObject({ spanId: idOf(late), reason: "late" });
    kit.end(segment, open);
  });
});

describe("a root that does not end", () => {
  it("keeps finished children no longer than the longest wait", () => {
    const { root, segment } = kit.begin();
    const child = kit.startChild(segment, root);
    kit.end(segment, child);
    kit.timer.pass(59_000);
    expect(kit.sent).toEqual([]);
    kit.timer.pass(2000);
    expect(kit.sent).toMatchObject([
      { spanId: idOf(child), reason: "partial", alreadySent: undefined },
    ]);
    expect(kit.sent[0]?.parents.get(idOf(child))).toBe(idOf(root));
    kit.timer.pass(1000);
    expect(kit.timer.pending).toBe(0);
  });

  it("is sent with what is new when it ends after all", () => {
    const { root, segment } = kit.begin();
    const early = kit.startChild(segment, root);
    kit.end(segment, early);
    kit.timer.pass(70_000);
    const later = kit.startChild(segment, root);
    kit.end(segment, later, root);
    expect(kit.sent).toMatchObject([
      { spanId: idOf(early), reason: "partial" },
      { spanId: idOf(root), children: [idOf(later)], reason: undefined },
    ]);
  });

  it("does not hold back the segments beside it", () => {
    const stuck = kit.begin();
    kit.end(stuck.segment, kit.startChild(stuck.segment, stuck.root));
    const other = kit.begin();
    kit.end(other.segment, other.root);
    expect(kit.sent).toMatchObject([{ spanId: idOf(other.root) }]);
    kit.timer.pass(61_000);
  });
});

describe("a root that ends while it is about to be flushed in part", () => {
  it("is not forgotten when its children have become too old in its grace", () => {
    const { root, segment } = kit.begin();
    kit.end(segment, kit.startChild(segment, root));
    kit.startChild(segment, root);
    kit.timer.pass(59_750);
    kit.end(segment, root);
    kit.timer.pass(10_000);
    expect(kit.sent.map(({ spanId }) => spanId)).toContain(idOf(root));
  });

  it("is not forgotten when the byte bound takes its children in its grace", () => {
    kit = createKit({ maxBufferedLength: 2000 });
    const { root, segment } = kit.begin();
    kit.end(segment, kit.startChild(segment, root));
    kit.startChild(segment, root);
    kit.end(segment, root);
    const other = kit.begin();
    for (let count = 0; count < 20; count++)
      kit.end(other.segment, kit.startChild(other.segment, other.root));
    kit.end(other.segment, other.root);
    void kit.assembler.flush();
    expect(kit.sent.map(({ spanId }) => spanId)).toContain(idOf(root));
  });
});

describe("flush", () => {
  it("sends all that has finished, of every segment, and waits for nothing", () => {
    const open = kit.begin();
    const child = kit.startChild(open.segment, open.root);
    kit.end(open.segment, child);
    const ended = kit.begin();
    const straggler = kit.startChild(ended.segment, ended.root);
    kit.end(ended.segment, ended.root);
    void kit.assembler.flush();
    expect(kit.sent.map(({ spanId, reason }) => [spanId, reason])).toEqual([
      [idOf(ended.root), undefined],
      [idOf(child), "partial"],
    ]);
    expect(kit.assembler.counts()).toMatchObject({ open: 2, buffered: 0 });
    kit.end(ended.segment, straggler);
    kit.end(open.segment, open.root);
    expect(kit.sent).toHaveLength(4);
  });

  it("has nothing to do a second time", () => {
    const { root, segment } = kit.begin();
    const child = kit.startChild(segment, root);
    kit.end(segment, root);
    void kit.assembler.flush();
    void kit.assembler.flush();
    kit.timer.pass(100_000);
    expect(kit.sent).toHaveLength(1);
    kit.end(segment, child);
  });

  it("works after close, when no timer runs any more", () => {
    const { root, segment } = kit.begin();
    const child = kit.startChild(segment, root);
    kit.assembler.close();
    kit.end(segment, child);
    kit.timer.pass(100_000);
    expect(kit.timer.pending).toBe(0);
    void kit.assembler.flush();
    expect(kit.sent).toMatchObject([{ spanId: idOf(child) }]);
    kit.end(segment, root);
  });
});
