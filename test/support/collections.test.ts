import fc from "fast-check";
import { expect, it } from "vitest";

import { setNewest } from "../../src/support/collections.js";

it("keeps the newest entries of a map, at most as many as are allowed", () => {
  const keys = fc.array(fc.constantFrom("a", "b", "c", "d", ""), { maxLength: 20 });
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 4 }), (set, max) => {
      const map = new Map<string, number>();
      for (const [index, key] of set.entries()) setNewest(map, [key, index], max);
      const distinct = [...new Set(set.toReversed())].slice(0, max).toReversed();
      expect([...map]).toEqual(distinct.map((key) => [key, set.lastIndexOf(key)]));
    }),
  );
});
