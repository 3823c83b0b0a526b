import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { ReceivedSpan, ReceivedTraceContext } from "../../src/testing/received.js";
import type { Arrival } from "./oracle.js";
import { programs } from "./programs.js";
import { runTogether, withPipeline } from "./run.js";
import type { Outcome } from "./run.js";
import { IS_DEEP } from "./runs.js";
import { copyOf } from "./syntax.js";
import type { Block } from "./syntax.js";

const BATCH: readonly Block[] = fc.sample(programs({ steady: true }), {
  seed: 11,
  numRuns: IS_DEEP ? 40 : 12,
});

describe("the tree that a program sends", () => {
  it("is the same alone and among unrelated programs", async () => {
    const alone: Tree[] = [];
    const together = await withPipeline({}, async (pipeline) => {
      for (const program of BATCH) {
        alone.push(...treesOf(await runTogether(pipeline, [program])));
      }
      return treesOf(await runTogether(pipeline, BATCH));
    });
    expect(together).toHaveLength(BATCH.length);
    expect(alone).toEqual(together);
  });

  it("is the same however long its parts take", async () => {
    const permuted = [
      (millis: number) => 6 - millis,
      (millis: number) => (millis * 5 + 3) % 7,
      () => 0,
    ];
    const trees = await withPipeline({}, async (pipeline) => {
      const found = [treesOf(await runTogether(pipeline, BATCH))];
      for (const permute of permuted) {
        const batch = BATCH.map((program) => withMillis(program, permute));
        found.push(treesOf(await runTogether(pipeline, batch)));
      }
      return found;
    });
    for (const tree of trees) expect(tree).toEqual(trees[0]);
  });
});

/** Spans by their names: the name of the parent, "none", or "remote". */
type Tree = Readonly<Record<string, string>>;

// From what arrived alone; the names are those of the nodes in the program's text.
function treesOf({ received, ledger }: Outcome): Tree[] {
  const nameOf = (id: string | undefined): Name =>
    nameIn(ledger.spans.get(id ?? "")?.fact.label, id);
  const trees = new Map<string, Record<string, string>>();
  for (const line of received.arrivals.flatMap(linesOf)) {
    const { program, node } = nameOf(line.span_id);
    trees.set(program, { ...trees.get(program), [node]: nameOf(line.parent_span_id).node });
  }
  return [...trees].toSorted(byNumber).map(([, tree]) => tree);
}

interface Name {
  readonly program: string;
  readonly node: string;
}

function nameIn(label: string | undefined, id: string | undefined): Name {
  const [, program = "", node = id === undefined ? "none" : "remote"] =
    /^r\d+p(\d+)\.(.*)$/u.exec(label ?? "") ?? [];
  return { program, node };
}

function linesOf({ transaction }: Arrival): readonly (ReceivedSpan | ReceivedTraceContext)[] {
  const { trace } = transaction.contexts;
  return trace === undefined ? [] : [trace, ...transaction.spans];
}

function byNumber([one]: readonly [string, Tree], [other]: readonly [string, Tree]): number {
  return Number(one) - Number(other);
}

function withMillis(program: Block, permute: (millis: number) => number): Block {
  const text = JSON.stringify(copyOf(program), (key, value: unknown) =>
    key === "millis" ? permute(Number(value)) : value,
  );
  return JSON.parse(text) as Block;
}
