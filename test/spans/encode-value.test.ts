import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { MAX_VALUE_LENGTH, jsonValue } from "../../src/spans/json-values.js";
import { CHARACTER } from "../property/characters.js";
import { illFormedTexts } from "../protocol/strict-json.js";
import { runs } from "../property/runs.js";

function encoded(value: unknown): unknown {
  return JSON.parse(jsonValue(value));
}

describe("the attribute values of API 1.10", () => {
  it.each<[string, unknown, unknown]>([
    ["a text", 'a "quoted" text\n', 'a "quoted" text\n'],
    ["an empty text", "", ""],
    ["a whole number", 42, 42],
    ["a fraction", -0.5, -0.5],
    ["a large number", 1e300, 1e300],
    ["a boolean", false, false],
    ["NaN", Number.NaN, "NaN"],
    ["infinity", Number.POSITIVE_INFINITY, "Infinity"],
    ["negative infinity", Number.NEGATIVE_INFINITY, "-Infinity"],
    ["null", null, ""],
    ["undefined", undefined, ""],
    ["a bigint", 2n ** 64n, "18446744073709551616"],
    ["bytes", new Uint8Array([1, 2, 253]), "AQL9"],
    ["no bytes", new Uint8Array(), ""],
    ["a buffer", Buffer.from("hello"), "aGVsbG8="],
    ["a list of texts", ["a", "b"], ["a", "b"]],
    ["a list of mixed values", ["a", 1, true, null, Number.NaN], ["a", 1, true, null, "NaN"]],
    ["a list in a list", [[1], [[2]], []], [[1], [[2]], []]],
    ["a map", { a: 1, b: { c: null } }, { a: 1, b: { c: null } }],
    ["bytes in a map in a list", [{ raw: new Uint8Array([255]) }], [{ raw: "/w==" }]],
    ["undefined inside", { a: undefined, b: [undefined] }, { a: null, b: [null] }],
    ["an empty map", {}, {}],
    ["a map without prototype", Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
  ])("%s", (_, value, expected) => {
    expect(encoded(value)).toEqual(expected);
  });

  it.each([Symbol("s"), () => 1, new Date(0), new Map([["a", 1]]), /x/])(
    "what is no attribute value (%o) is still JSON",
    (value) => {
      expect(() => encoded(value)).not.toThrow();
    },
  );
});

describe("bounds", () => {
  it("a long text is cut, and shows it", () => {
    const value = encoded("x".repeat(10_000_000));
    expect(value).toBe(`${"x".repeat(MAX_VALUE_LENGTH - 3)}...`);
  });

  it("a text that is cut within a surrogate pair is still well-formed", () => {
    const value = String(encoded(`x${"😀".repeat(MAX_VALUE_LENGTH)}`));
    expect(value.isWellFormed()).toBe(true);
    expect(value.length).toBe(MAX_VALUE_LENGTH);
  });

  it.each<[string, () => unknown]>([
    ["many bytes", () => new Uint8Array(10_000_000)],
    ["a long list", () => Array.from({ length: 1_000_000 }, () => "some text")],
    ["a list of long texts", () => Array.from({ length: 1000 }, () => "x".repeat(100_000))],
    [
      "a map of many keys",
      () =>
        Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key ${index}`, index])),
    ],
    ["a map with a long key", () => ({ ["k".repeat(10_000_000)]: 1 })],
    ["lists in lists", () => nested(10, 10)],
  ])("%s is bounded", (_, make) => {
    expect(jsonValue(make()).length).toBeLessThan(10 * MAX_VALUE_LENGTH);
  });

  it("a cycle ends, and so does what is too deep", () => {
    const cyclic: Record<string, unknown> = { name: "a" };
    cyclic["self"] = cyclic;
    cyclic["list"] = [cyclic];
    expect(encoded(cyclic)).toEqual({ name: "a", self: "[Circular]", list: ["[Circular]"] });
    let deep: unknown = "bottom";
    for (let depth = 0; depth < 10_000; depth++) deep = { deep };
    expect(() => encoded(deep)).not.toThrow();
  });

  it("the same object at two places is no cycle", () => {
    const shared = { a: 1 };
    expect(encoded([shared, shared])).toEqual([shared, shared]);
  });
});

function nested(width: number, depth: number): unknown {
  return depth === 0
    ? "leaf"
    : Array.from({ length: width }, () => (depth > 6 ? "leaf" : nested(width, depth - 1)));
}

it("any value at all is JSON with well-formed texts", () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withSet: true,
        withTypedArray: true,
        stringUnit: CHARACTER,
        maxDepth: 8,
      }),
      (value) => {
        expect(illFormedTexts(encoded(value))).toEqual([]);
      },
    ),
    { numRuns: runs(1000) },
  );
});

it("what JSON can hold, and is small, stays what it is", () => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "grapheme" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      fc.boolean(),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(plain, (value) => {
      expect(encoded(value)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
