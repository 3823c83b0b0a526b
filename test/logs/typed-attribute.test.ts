import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { attributeText, typedAttribute } from "../../src/logs/typed-attribute.js";
import { repeatedKeys } from "../protocol/strict-json.js";
import { hostileValues } from "./hostile-values.js";
import { checkAttribute } from "./telemetry-rules.js";
import { CHARACTER } from "../property/characters.js";

const MAX = 32_768;

function parsed(value: unknown): unknown {
  const text = typedAttribute(value, MAX);
  return text === undefined ? undefined : JSON.parse(text);
}

function isValidOrAbsent(value: unknown): boolean {
  const attribute = parsed(value);
  return attribute === undefined || checkAttribute("any", attribute);
}

const CASES: readonly (readonly [what: string, value: unknown, attribute: unknown])[] = [
  ["a text", "é", { type: "string", value: "é" }],
  ["a boolean", false, { type: "boolean", value: false }],
  ["a whole number", 3, { type: "integer", value: 3 }],
  ["a negative zero", -0, { type: "integer", value: 0 }],
  ["a fraction", 0.5, { type: "double", value: 0.5 }],
  ["a number beyond 64 bits", 1e300, { type: "double", value: 1e300 }],
  ["a bigint of 64 bits", 12n, { type: "integer", value: 12 }],
  ["a bigint beyond", 2n ** 63n, { type: "string", value: "9223372036854775808" }],
  ["a list of texts", ["a", "b"], { type: "array", value: ["a", "b"] }],
  ["a list of numbers", [1, 2.5], { type: "array", value: [1, 2.5] }],
  ["an empty list", [], { type: "array", value: [] }],
  ["a mixed list", [1, "b"], { type: "string", value: '[1,"b"]' }],
  ["a list of lists", [[1]], { type: "string", value: "[[1]]" }],
  ["an object", { a: { b: 1 } }, { type: "string", value: '{"a":{"b":1}}' }],
  ["a date", new Date(0), { type: "string", value: "1970-01-01T00:00:00.000Z" }],
  ["a value with a unit", { value: 5, unit: "byte" }, { type: "integer", value: 5, unit: "byte" }],
  ["a lone surrogate", "a\ud800", { type: "string", value: "a\ufffd" }],
  ["nothing", undefined, undefined],
  ["null", null, undefined],
  ["NaN", Number.NaN, undefined],
  ["an infinity", -Infinity, undefined],
];

describe("a typed attribute", () => {
  for (const [what, value, attribute] of CASES) {
    it(`of ${what} is as the protocol has it`, () => {
      expect(parsed(value)).toEqual(attribute);
    });
  }

  it("is of a type that the protocol has, whatever the value is", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
        expect(isValidOrAbsent(value)).toBe(true);
      }),
    );
  });

  it("is made of values that throw, cycle or end never", () => {
    for (const value of hostileValues()) {
      expect(isValidOrAbsent(value)).toBe(true);
    }
  });

  it("has a bounded length", () => {
    const long = "\u0000".repeat(1_000_000);
    for (const value of [long, [long, long], { long }, Array.from({ length: 1e5 }, () => long)])
      expect(typedAttribute(value, 1000)?.length ?? 0).toBeLessThan(20_000);
  });
});

describe("attributes", () => {
  const LIMITS = { valueLength: 100, totalLength: 1000 };

  it("have each key once, also where keys are made alike", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: CHARACTER, maxLength: 210 }), fc.string())),
        (entries) => {
          const { text } = attributeText(entries, LIMITS);
          expect(repeatedKeys(`{${text}}`)).toEqual([]);
          expect(text.length).toBeLessThanOrEqual(1000);
        },
      ),
    );
    const { text } = attributeText(
      [
        ["\ud800", 1],
        ["\ud801", 2],
      ],
      LIMITS,
    );
    expect(JSON.parse(`{${text}}`)).toEqual({ "\ufffd": { type: "integer", value: 1 } });
  });

  it("are left out once there are too many", () => {
    const entries = Array.from(
      { length: 50 },
      (_, index) => [`key${index}`, "x".repeat(50)] as const,
    );
    const { text, isClipped } = attributeText(entries, LIMITS);
    expect(isClipped).toBe(true);
    expect(Object.keys(JSON.parse(`{${text}}`) as object)[0]).toBe("key0");
  });

  it("are not read where nothing more can be sent", () => {
    let reads = 0;
    const counted = new Proxy({}, { ownKeys: () => [`key${(reads += 1)}`] });
    const long = Array.from({ length: 50 }, (_, index) => [`key${index}`, "x".repeat(50)] as const);
    attributeText([...long, ["object", counted]], LIMITS);
    expect(reads).toBe(0);
    attributeText([["object", counted]], LIMITS);
    expect(reads).toBeGreaterThan(0);
  });

  it("share one number of values, whatever they are", () => {
    let reads = 0;
    const object = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`k${index}`, index]),
    );
    const counted = new Proxy(object, {
      get: (target, key) => (reads++, Reflect.get(target, key)),
    });
    const large = { valueLength: 10_000, totalLength: 10_000_000 };
    attributeText(
      Array.from({ length: 1000 }, (_, index) => [`key${index}`, index % 2 ? [counted] : counted]),
      large,
    );
    expect(reads).toBeLessThan(8000);
  });
});
