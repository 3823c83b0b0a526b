import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { FinishedSpan } from "../../src/trace/span.js";
import { createBatchKit } from "./batch-kit.js";
import { idOf, newSpanId, spanOf } from "./hand-made-span.js";

const TRACES = ["a".repeat(32), "b".repeat(32)] as const;

type Parent = "none" | "remote" | "unknown" | number;

interface Shape {
  readonly parent: Parent;
  readonly trace: 0 | 1;
}

const shape = fc.record<Shape>({
  parent: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom<Parent>("none", "remote", "unknown") },
    { weight: 4, arbitrary: fc.nat({ max: 30 }) },
  ),
  trace: fc.constantFrom(0, 1),
});

type Step = "flush" | "round" | number;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>("flush", "round") },
);

// Parents that are numbers name an earlier span, whose trace they share.
function spansOf(shapes: readonly Shape[]): FinishedSpan[] {
  const spans: FinishedSpan[] = [];
  for (const { parent, trace } of shapes) spans.push(spanLike(parent, TRACES[trace], spans));
  return spans;
}

function spanLike(parent: Parent, traceId: string, earlier: readonly FinishedSpan[]): FinishedSpan {
  const known = typeof parent === "number" ? earlier[parent % earlier.length] : undefined;
  if (known !== undefined)
    return spanOf({ traceId: known.spanContext().traceId, parentSpanId: idOf(known) });
  if (parent === "unknown") return spanOf({ traceId, parentSpanId: newSpanId() });
  if (parent !== "remote") return spanOf({ traceId });
  const remote = { traceId, spanId: newSpanId(), traceFlags: 1, isRemote: true };
  return spanOf({ traceId, parentSpanContext: remote });
}

function isRoot({ parentSpanContext: parent }: FinishedSpan): boolean {
  return parent === undefined || parent.isRemote === true;
}

// What a root takes, by the sentence of the documentation: the descendants that have come.
function descendants(rootId: string, waiting: ReadonlySet<FinishedSpan>): FinishedSpan[] {
  const children = [...waiting].filter((span) => span.parentSpanContext?.spanId === rootId);
  return children.flatMap((child) => [child, ...descendants(idOf(child), waiting)]);
}

/** Plays batches to an assembler and to the sentence; what each root took by the latter. */
async function play(
  spans: readonly FinishedSpan[],
  steps: readonly Step[],
): Promise<{ kit: ReturnType<typeof createBatchKit>; expected: Map<string, string[]> }> {
  const kit = createBatchKit();
  const waiting = new Set<FinishedSpan>();
  const expected = new Map<string, string[]>();
  let at = 0;
  for (const next of [...steps, spans.length]) {
    if (next === "flush" || next === "round") {
      if (next === "flush") await kit.assembler.flush();
      else await Promise.all([kit.round(), kit.round()]);
      waiting.clear();
      continue;
    }
    const batch = spans.slice(at, at + next);
    at += next;
    kit.assembler.accept(batch);
    for (const span of batch) if (!isRoot(span)) waiting.add(span);
    for (const root of batch.filter(isRoot)) {
      const taken = descendants(idOf(root), waiting);
      for (const span of taken) waiting.delete(span);
      expected.set(idOf(root), taken.map(idOf).toSorted());
    }
  }
  await kit.assembler.flush();
  return { kit, expected };
}

const play$ = fc
  .array(shape, { minLength: 1, maxLength: 40 })
  .map(spansOf)
  .chain((spans) =>
    fc.tuple(
      fc.shuffledSubarray(spans, { minLength: spans.length }),
      fc.array(step, { maxLength: 10 }),
    ),
  );

describe("whatever the spans are, and however they are batched", () => {
  it("each is sent once, with its true parent, in a transaction of its trace", async () => {
    await fc.assert(
      fc.asyncProperty(play$, async ([spans, steps]) => {
        const { kit } = await play(spans, steps);
        kit.assertBalanced();
        expect(kit.sentIds().toSorted()).toEqual(spans.map(idOf).toSorted());
        const parents = new Map(kit.sent.flatMap((transaction) => [...transaction.parents]));
        for (const span of spans)
          expect(parents.get(idOf(span))).toBe(span.parentSpanContext?.spanId);
        expect(kit.pendingTimers).toBe(0);
      }),
    );
  });

  it("a root takes the descendants that have come with it or before, and no other", async () => {
    await fc.assert(
      fc.asyncProperty(play$, async ([spans, steps]) => {
        const { kit, expected } = await play(spans, steps);
        const roots = kit.sent.filter(({ reason }) => reason === undefined);
        expect(new Map(roots.map((root) => [root.spanId, root.children.toSorted()]))).toEqual(
          expected,
        );
      }),
    );
  });
});
