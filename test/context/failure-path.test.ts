import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  markEnded,
  isAncestor,
  ancestorForChild,
  reachesRoot,
} from "../../src/context/failure-path.js";
import type { PathNode } from "../../src/context/failure-path.js";

interface Tracked {
  readonly path: PathNode;
  readonly parent: Tracked | undefined;
}

function start(parent: Tracked | undefined): Tracked {
  const path: PathNode = {
    depth: parent === undefined ? 0 : parent.path.depth + 1,
    above: parent === undefined ? undefined : ancestorForChild(parent.path),
    hasEnded: false,
    stopsFailures: false,
  };
  return { path, parent };
}

function end({ path, parent }: Tracked, isStop: boolean, hasRecorded = false): void {
  path.hasEnded = true;
  path.hasRecorded = hasRecorded;
  if (parent !== undefined) markEnded(path, isStop);
}

/** The same by all ancestors, none of them left out. */
function reachesByAll(span: Tracked): boolean {
  for (let each: Tracked | undefined = span; each?.parent !== undefined; each = each.parent)
    if (each.path.stopsFailures) return false;
  return true;
}

function lengthOf(path: PathNode): number {
  let length = 0;
  for (let each: PathNode | undefined = path; each !== undefined; each = each.above) length += 1;
  return length;
}

/** The last of 1000 spans, each a child of the one before; `overlap` more than one of them are open at a time. */
function lastOfChain(overlap: number, isStop: boolean, hasRecorded = false): PathNode {
  let last = start(undefined);
  const open = [last];
  for (let count = 0; count < 1000; count += 1) {
    last = start(last);
    open.push(last);
    const ended = open.length > 1 + overlap ? open.shift() : undefined;
    if (ended !== undefined) end(ended, isStop, hasRecorded);
  }
  return last.path;
}

const steps = fc.array(
  fc.record({
    of: fc.nat(1000),
    isStart: fc.boolean(),
    isStop: fc.boolean(),
    hasRecorded: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe("the way of a failure", () => {
  it("reaches the root exactly where no ancestor has stopped it, however spans start and end", () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const spans = [start(undefined)];
        for (const { of, isStart, isStop, hasRecorded } of plan) {
          const span = spans[of % spans.length];
          if (span === undefined) continue;
          if (isStart) spans.push(start(span));
          else if (!span.path.hasEnded) end(span, isStop, hasRecorded);
        }
        for (const span of spans) expect(reachesRoot(span.path)).toBe(reachesByAll(span));
      }),
    );
  });

  it.each([
    ["ends before the next starts", 0],
    ["ends after the next has started", 1],
    ["ends after the next three have started", 3],
  ])("stays short in a chain of spans in which each %s", (_how, overlap) => {
    for (const isStop of [false, true])
      for (const hasRecorded of [false, true])
        expect(lengthOf(lastOfChain(overlap, isStop, hasRecorded))).toBeLessThan(overlap + 6);
  });

  it("keeps a span that has recorded above those that outlive it", () => {
    const service = start(start(undefined));
    const call = start(service);
    end(service, false, true);
    end(call, false, true);
    expect(isAncestor(service.path, call.path)).toBe(true);
  });

  it("lists the open ancestors of a span", () => {
    const root = start(undefined);
    const [outer, beside] = [start(root), start(root)];
    const inner = start(outer);
    expect([root, outer].map(({ path }) => isAncestor(path, inner.path))).toEqual([true, true]);
    expect([beside, inner].map(({ path }) => isAncestor(path, inner.path))).toEqual([false, false]);
  });
});
