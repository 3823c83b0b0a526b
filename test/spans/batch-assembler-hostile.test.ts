import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { FinishedSpan } from "../../src/trace/span.js";
import { throwing } from "../otel/propagation-kit.js";
import { originOf } from "./assembler-kit.js";
import { createBatchKit } from "./batch-kit.js";
import type { BatchKit } from "./batch-kit.js";
import { TRACE_ID, idOf, spanOf } from "./hand-made-span.js";

let kit: BatchKit;

beforeEach(() => {
  kit = createBatchKit();
});

afterEach(async () => {
  await kit.assembler.flush();
  kit.assertSettled();
});

const FIELDS = [
  "name",
  "kind",
  "startTime",
  "endTime",
  "status",
  "attributes",
  "links",
  "events",
  "resource",
  "instrumentationScope",
  "droppedLinksCount",
  "parentSpanContext",
] as const;

function breakField(span: FinishedSpan, key: keyof FinishedSpan): FinishedSpan {
  if (key === "spanContext") return { ...span, spanContext: throwing };
  return Object.defineProperty({ ...span }, key, { enumerable: true, get: throwing });
}

describe("a span that cannot be read costs nothing but itself", () => {
  it.each([...FIELDS, "spanContext"] as const)("as a child: `%s` throws", async (key) => {
    const root = spanOf();
    const [before, bad, after] = Array.from({ length: 3 }, () =>
      spanOf({ parentSpanId: idOf(root) }),
    ) as [FinishedSpan, FinishedSpan, FinishedSpan];
    expect(() => kit.assembler.accept([before, breakField(bad, key), after, root])).not.toThrow();
    await kit.assembler.flush();
    expect(kit.sentIds()).toEqual(expect.arrayContaining([root, before, after].map(idOf)));
  });

  it.each([...FIELDS, "spanContext"] as const)("as a root: `%s` throws", async (key) => {
    const bad = spanOf();
    const child = spanOf({ parentSpanId: idOf(bad) });
    const root = spanOf();
    const other = spanOf({ parentSpanId: idOf(root) });
    expect(() => kit.assembler.accept([child, other, breakField(bad, key), root])).not.toThrow();
    await kit.assembler.flush();
    expect(kit.sentIds()).toEqual(expect.arrayContaining([child, other, root].map(idOf)));
  });

  it("as a root of more children than one transaction holds", async () => {
    const bad = spanOf();
    const children = Array.from({ length: 1500 }, () => spanOf({ parentSpanId: idOf(bad) }));
    expect(() => kit.assembler.accept([...children, breakField(bad, "kind")])).not.toThrow();
    await kit.assembler.flush();
    expect(kit.sentIds().toSorted()).toEqual(children.map(idOf).toSorted());
    expect(kit.ledger.snapshot()).toEqual({
      span: { internal_sdk_error: 1 },
      transaction: { internal_sdk_error: 1 },
    });
  });

  it("as a root with a remote parent, which takes its transaction with it", async () => {
    const parent = { traceId: TRACE_ID, spanId: "c".repeat(16), traceFlags: 1, isRemote: true };
    kit.assembler.accept([breakField(spanOf({ parentSpanContext: parent }), "kind")]);
    expect(kit.ledger.snapshot()).toEqual({
      span: { internal_sdk_error: 1 },
      transaction: { internal_sdk_error: 1 },
    });
  });
});

describe("a decision", () => {
  it("that fails about a root loses neither its children nor the roots behind it", async () => {
    const [bad, good] = [spanOf(), spanOf()];
    const [one, two] = [spanOf({ parentSpanId: idOf(bad) }), spanOf({ parentSpanId: idOf(good) })];
    kit = createBatchKit({ originOf: (span) => (span === bad ? throwing() : originOf()) });
    expect(() => kit.assembler.accept([one, two, bad, good])).not.toThrow();
    await kit.assembler.flush();
    expect(kit.sentIds()).toEqual(expect.arrayContaining([one, two, good].map(idOf)));
  });

  it("that fails about a span without a root is counted", async () => {
    kit = createBatchKit({ originOf: throwing });
    const root = spanOf();
    expect(() => kit.assembler.accept([spanOf({ parentSpanId: idOf(root) })])).not.toThrow();
    await kit.assembler.flush();
    expect(kit.ledger.snapshot()).toEqual({ span: { internal_sdk_error: 1 } });
  });

  it("during which other spans come loses none of them", async () => {
    const root = spanOf();
    const [outer, inner] = [
      spanOf({ parentSpanId: idOf(root) }),
      spanOf({ parentSpanId: idOf(root) }),
    ];
    kit = createBatchKit({
      originOf: (span) => {
        if (span === outer) kit.assembler.accept([inner]);
        return originOf();
      },
    });
    kit.assembler.accept([outer]);
    kit.assembler.accept([root]);
    expect(kit.sentIds().toSorted()).toEqual([root, outer, inner].map(idOf).toSorted());
  });
});

describe("ids that are not unique", () => {
  it("of two children: both go", () => {
    const root = spanOf();
    const twins = ["1", "2"].map((name) =>
      spanOf({ name, spanId: "d".repeat(16), parentSpanId: idOf(root) }),
    );
    kit.assembler.accept([...twins, root]);
    expect(kit.sentIds()).toHaveLength(3);
  });

  it("of two roots: both go, and each child once", () => {
    const [one, two] = [spanOf({ spanId: "d".repeat(16) }), spanOf({ spanId: "d".repeat(16) })];
    kit.assembler.accept([spanOf({ parentSpanId: "d".repeat(16) }), one, two]);
    expect(kit.sent.map(({ children }) => children.length)).toEqual([1, 0]);
  });

  it("of a root and its child, and of a child that is its own parent", () => {
    const root = spanOf({ spanId: "d".repeat(16) });
    const child = spanOf({ spanId: "d".repeat(16), parentSpanId: "d".repeat(16) });
    kit.assembler.accept([child, root]);
    expect(kit.sentIds()).toEqual(["d".repeat(16), "d".repeat(16)]);
  });

  it("in a circle: they go without a root", async () => {
    const [a, b] = ["a".repeat(16), "b".repeat(16)];
    kit.assembler.accept([
      spanOf({ spanId: a, parentSpanId: b }),
      spanOf({ spanId: b, parentSpanId: a }),
    ]);
    await kit.assembler.flush();
    expect(kit.sent).toMatchObject([{ spanId: a, children: [b], reason: "orphan" }]);
  });
});
