import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { LinkedList } from "../../src/support/collections.js";
import type { Link } from "../../src/support/collections.js";

function valuesOf(list: LinkedList<number>): number[] {
  const values: number[] = [];
  for (let link = list.first; link !== undefined; link = link.next) values.push(link.value);
  return values;
}

describe("LinkedList", () => {
  it("holds the values that were added and not removed, in order", () => {
    // Adds a value, or removes the entry at the index, perhaps for a second time.
    const step = fc.tuple(fc.boolean(), fc.nat(20));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const list = new LinkedList<number>();
        const links: Link<number>[] = [];
        let expected: number[] = [];
        for (const [isRemoval, index] of steps) {
          const link = links[index];
          if (!isRemoval) {
            links.push(list.push(links.length));
            expected.push(links.length - 1);
          } else if (link !== undefined) {
            list.remove(link);
            expected = expected.filter((value) => value !== link.value);
          }
          expect(valuesOf(list)).toEqual(expected);
        }
        expect(list.added).toBe(links.length);
      }),
    );
  });
});
