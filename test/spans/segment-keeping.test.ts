import { expect, it } from "vitest";

import { createKit, originOf } from "./assembler-kit.js";
import { spanOf } from "./hand-made-span.js";

const HELD = originOf("sample_rate");

it("what waits for a root that may be kept goes with it, or is counted with it", () => {
  for (const isKept of [true, false]) {
    const kit = createKit({ isWorthKeeping: () => isKept });
    const root = spanOf();
    const segment = kit.assembler.begin(HELD, root);
    kit.end(segment, kit.startChild(segment, root), kit.startChild(segment, root));
    expect(kit.assembler.counts().buffered).toBe(2);
    kit.end(segment, root);
    expect(kit.sent).toHaveLength(isKept ? 1 : 0);
    expect(kit.ledger.snapshot().span?.sample_rate ?? 0).toBe(isKept ? 0 : 3);
    kit.assertBalanced();
  }
});

it("a child that ends after its root shares the root's fate", () => {
  for (const isKept of [true, false]) {
    const kit = createKit({ isWorthKeeping: () => isKept });
    const root = spanOf();
    const segment = kit.assembler.begin(HELD, root);
    const late = kit.startChild(segment, root);
    kit.end(segment, root, late);
    expect(kit.sent.flatMap(({ children }) => children)).toHaveLength(isKept ? 1 : 0);
    kit.assertBalanced();
  }
});

it("what waits too long, or beyond the bound on bytes, is dropped and counted", () => {
  const kit = createKit({ isWorthKeeping: () => true, maxWaitMillis: 1000 });
  const root = spanOf();
  const segment = kit.assembler.begin(HELD, root);
  kit.end(segment, kit.startChild(segment, root));
  kit.timer.pass(2000);
  expect(kit.ledger.snapshot()).toEqual({ span: { sample_rate: 1 } });
  kit.end(segment, root);
  expect(kit.sent).toHaveLength(1);
  kit.assertBalanced();
});

it("a root that cannot be looked at is dropped and counted", () => {
  const kit = createKit({
    isWorthKeeping: () => {
      throw new Error("hostile");
    },
  });
  const root = spanOf();
  kit.end(kit.assembler.begin(HELD, root), root);
  expect(kit.ledger.snapshot()).toEqual({
    transaction: { sample_rate: 1 },
    span: { sample_rate: 1 },
  });
  kit.assertBalanced();
});
