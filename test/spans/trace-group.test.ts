import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { TraceGroup } from "../../src/spans/trace-group.js";
import { originOf } from "./assembler-kit.js";

/** Spans as pairs of an id and its parent's; the item is the id. */
type Pairs = readonly (readonly [spanId: string, parentSpanId: string])[];

function groupOf(pairs: Pairs): TraceGroup {
  const group = new TraceGroup(originOf(), { attributes: {} }, 0);
  for (const [spanId, parent] of pairs) group.add(parent, { spanId, item: spanId });
  return group;
}

describe("the descendants of a span", () => {
  it("are its children and theirs, parents before children", () => {
    const group = groupOf([
      ["grandchild", "b"],
      ["a", "root"],
      ["stranger", "other"],
      ["b", "root"],
    ]);
    expect(group.takeDescendants("root")).toEqual(["a", "b", "grandchild"]);
    expect(group.takeAll()).toEqual(["stranger"]);
  });

  it("are none for a span without children, and all others stay", () => {
    const group = groupOf([["a", "root"]]);
    expect(group.takeDescendants("a")).toEqual([]);
    expect(group.isEmpty).toBe(false);
    expect(group.takeDescendants("root")).toEqual(["a"]);
    expect(group.isEmpty).toBe(true);
  });

  it("are taken once", () => {
    const group = groupOf([["a", "root"]]);
    expect([group.takeDescendants("root"), group.takeDescendants("root")]).toEqual([["a"], []]);
    expect(group.takeAll()).toEqual([]);
  });

  it.each<[string, Pairs]>([
    ["a span that is its own parent", [["a", "a"]]],
    [
      "two spans that are each other's parents",
      [
        ["a", "b"],
        ["b", "a"],
      ],
    ],
    [
      "a circle through the root's id",
      [
        ["b", "a"],
        ["a", "b"],
        ["b", "a"],
      ],
    ],
  ])("end where ids stand in a circle: %s", (_, pairs) => {
    const group = groupOf(pairs);
    const taken = group.takeDescendants("a");
    expect(taken.length + group.takeAll().length).toBe(pairs.length);
    expect(group.isEmpty).toBe(true);
  });

  it("are found to any depth without the stack", () => {
    const pairs = Array.from({ length: 50_000 }, (_, i) => [`${i + 1}`, `${i}`] as const);
    expect(groupOf(pairs.toReversed()).takeDescendants("0")).toHaveLength(50_000);
  });
});

describe("whatever the ids are", () => {
  const id = fc.constantFrom("a", "b", "c", "d", "__proto__", "constructor", "");
  const pairs = fc.array(fc.tuple(id, id), { maxLength: 12 });

  it("each span is taken out once", () => {
    fc.assert(
      fc.property(pairs, fc.array(id, { maxLength: 3 }), (spans, roots) => {
        const group = groupOf(spans);
        const taken = roots.flatMap((root) => group.takeDescendants(root));
        const all = [...taken, ...group.takeAll()];
        expect(all.toSorted()).toEqual(spans.map(([spanId]) => spanId).toSorted());
        expect(group.isEmpty).toBe(true);
      }),
    );
  });

  it("what is left has no parent among what was taken, nor the root", () => {
    fc.assert(
      fc.property(pairs, id, (spans, root) => {
        const group = groupOf(spans);
        const taken = new Set([root, ...group.takeDescendants(root)]);
        const left = new Set(group.takeAll());
        const torn = spans.filter(
          ([spanId, parent]) => left.has(spanId) && !taken.has(spanId) && taken.has(parent),
        );
        expect(torn).toEqual([]);
      }),
    );
  });
});
