import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { throwing } from "../otel/propagation-kit.js";
import { createKit, originOf } from "./assembler-kit.js";
import type { AssemblerKit } from "./assembler-kit.js";
import { idOf, spanOf } from "./hand-made-span.js";

let kit: AssemblerKit;

beforeEach(() => {
  kit = createKit();
});

afterEach(() => {
  kit.assertBalanced();
});

describe("what is not sent", () => {
  it.each(["ignored", "sample_rate"] as const)("is counted as %s, with its transaction", (fate) => {
    const root = spanOf();
    const segment = kit.assembler.begin(originOf(fate), root);
    kit.end(segment, kit.startChild(segment, root), kit.startChild(segment, root), root);
    kit.end(segment, kit.startChild(segment, root));
    expect(kit.sent).toEqual([]);
    expect(kit.ledger.snapshot()).toEqual({ span: { [fate]: 4 }, transaction: { [fate]: 1 } });
  });

  it("is a span that was taken out: its children become its parent's", () => {
    const { root, segment } = kit.begin();
    const out = kit.startChild(segment, root);
    segment.takeOut(idOf(out), idOf(root));
    const alsoOut = kit.startChild(segment, out);
    segment.takeOut(idOf(alsoOut), idOf(out));
    const kept = kit.startChild(segment, alsoOut);
    kit.end(segment, kept, alsoOut, out, root);
    expect(kit.sent[0]?.parents.get(idOf(kept))).toBe(idOf(root));
    expect(kit.ledger.snapshot()).toEqual({ span: { ignored: 2 } });
  });

  it("is a span that cannot be encoded at all, and only that one", () => {
    const { root, segment } = kit.begin();
    const good = kit.startChild(segment, root);
    const bad = kit.startChild(segment, root);
    kit.end(segment, good, Object.defineProperty({ ...bad }, "kind", { get: throwing }), root);
    expect(kit.sent).toMatchObject([{ spanId: idOf(root), children: [idOf(good)] }]);
    expect(kit.ledger.snapshot()).toEqual({ span: { internal_sdk_error: 1 } });
    expect(kit.problems).toContain("span-encoding");
  });

  it("is a root that cannot be encoded; its children go without it", () => {
    const { root, segment } = kit.begin();
    const child = kit.startChild(segment, root);
    Object.defineProperty(root, "spanContext", { value: throwing });
    kit.end(segment, child, root);
    expect(kit.sent).toMatchObject([{ spanId: idOf(child), reason: "late" }]);
    expect(kit.ledger.snapshot()).toEqual({
      span: { internal_sdk_error: 1 },
      transaction: { internal_sdk_error: 1 },
    });
  });

  it("is a span whose identity can no longer be read", () => {
    const { root, segment } = kit.begin();
    const bad = kit.startChild(segment, root);
    kit.end(segment, { ...bad, spanContext: throwing }, root);
    expect(kit.sent).toMatchObject([{ spanId: idOf(root), children: [] }]);
  });

  it("is a span that ends after the pipeline was closed", () => {
    const { root, segment } = kit.begin();
    kit.assembler.dropClosed(segment, kit.startChild(segment, root));
    kit.assembler.dropClosed(segment, root);
    expect(kit.ledger.snapshot()).toEqual({ span: { closed: 2 }, transaction: { closed: 1 } });
  });
});
