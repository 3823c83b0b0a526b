import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import { normalize } from "../../src/support/normalize.js";
import { plainCopy } from "../../src/support/plain-copy.js";
import { CHARACTER } from "../property/characters.js";

const value = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  maxDepth: 4,
});
const record = fc.dictionary(
  fc.oneof(fc.string({ unit: CHARACTER }), fc.constant("toJSON")),
  value,
);

describe("plainCopy", () => {
  it("is the copy that normalize makes, wherever it makes one", () => {
    fc.assert(
      fc.property(record, fc.integer({ min: 1, max: 4 }), (given, depth) => {
        const copy = plainCopy(given, depth);
        if (copy === undefined) return;
        expect(copy).toEqual(normalize(given, { depth, omitUndefined: true }));
        expect(Object.isFrozen(copy)).toBe(true);
      }),
    );
  });

  it.each<[string, object]>([
    ["a proxy", new Proxy({ a: 1 }, {})],
    ["an instance of a class", new URL("https://example.com")],
    ["an error", new Error("x")],
    ["a date", new Date(0)],
    ["a list", [1]],
    ["an own `__proto__`", JSON.parse('{"__proto__":{"a":1}}') as object],
    ["an own `toJSON`", { toJSON: () => 1 }],
    ["many properties", Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`k${at}`, at]))],
    ["a long text", { text: "x".repeat(1001) }],
    ["a getter that throws", Object.defineProperty({}, "a", { enumerable: true, get: fail })],
  ])("leaves %s to normalize", (_, given) => {
    expect(plainCopy(given, 3)).toBeUndefined();
    expect(plainCopy({ inner: given }, 4)).toBeUndefined();
  });
});

it("lists the keys of a large object once", () => {
  const large = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at]));
  const list = vi.spyOn(Object, "keys");
  for (let count = 0; count < 3; count++) {
    expect(plainCopy(large, 3)).toBeUndefined();
    normalize(large);
  }
  expect(list.mock.calls.filter(([listed]) => listed === large)).toHaveLength(1);
  list.mockRestore();
});

function fail(): never {
  throw new Error("getter");
}
