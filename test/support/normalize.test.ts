import { normalize as oracle } from "@sentry/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { normalize } from "../../src/support/normalize.js";
import { copyBudget } from "../../src/support/copy-budget.js";
import { cpuTime } from "../time/measure.js";

function job() {}

class Account {
  id = 1;
}

function derived(prototypes: number): object {
  let value: object = { a: 1 };
  for (let count = 1; count < prototypes; count += 1) value = Object.create(value) as object;
  return Object.assign(value, { own: 2 });
}

function throwing(): never {
  throw new Error("trap");
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("a value without fields", () => {
  it.each([
    ["text", "x", "x"],
    ["a number", 1.5, 1.5],
    ["a truth value", false, false],
    ["null", null, null],
    ["undefined", undefined, "[undefined]"],
    ["NaN", Number.NaN, "[NaN]"],
    ["infinity", Number.NEGATIVE_INFINITY, "[-Infinity]"],
    ["a big integer", 12n, "[BigInt: 12]"],
    ["a big integer too long to print", 1n << 5000n, "[BigInt: more than 1024 bits]"],
    ["a symbol", Symbol("s"), "[Symbol(s)]"],
    ["a function", job, "[Function: job]"],
    ["a function without name", () => {}, "[Function: <anonymous>]"],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["no date", new Date(Number.NaN), "[Invalid Date]"],
    ["a buffer", Buffer.from("abc"), "[Buffer: 3 bytes]"],
    ["a typed array", new Uint16Array(4), "[Uint16Array: 8 bytes]"],
    ["raw memory", new ArrayBuffer(5), "[ArrayBuffer: 5 bytes]"],
    ["a lone surrogate", "a\uD800", "a\uFFFD"],
    ["the global object", globalThis, "[Global]"],
    ["a revoked proxy", revoked(), "**non-serializable**"],
  ])("is written as JSON: %s", (_what, value, expected) => {
    expect(normalize([value])).toEqual([expected]);
  });
});

describe("a value with fields", () => {
  it.each([
    [
      "a map",
      new Map<unknown, unknown>([
        ["a", 1],
        [{}, 2],
        [3, 4],
      ]),
      { a: 1, "[Object]": 2, 3: 4 },
    ],
    ["a set", new Set([1, "b"]), [1, "b"]],
    ["what toJSON returns", { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    ["a toJSON that throws", { toJSON: throwing }, "**non-serializable**"],
    [
      "a toJSON that returns itself",
      {
        toJSON(): unknown {
          return this;
        },
      },
      "[Circular ~]",
    ],
    [
      "a getter that throws",
      {
        a: 1,
        get b() {
          return throwing();
        },
      },
      { a: 1, b: "**non-serializable**" },
    ],
    ["a proxy that throws", new Proxy({}, { ownKeys: throwing }), "**non-serializable**"],
    [
      "a list with a hole",
      Array.from({ length: 3 }),
      ["[undefined]", "[undefined]", "[undefined]"],
    ],
    ["no prototype", Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    ["an address", new URL("http://a/b"), "http://a/b"],
  ])("is copied: %s", (_what, value, expected) => {
    expect(normalize(value)).toEqual(expected);
  });

  it("keeps what an error has beyond its enumerable fields", () => {
    const error = Object.assign(new TypeError("boom", { cause: "why" }), { code: "E1" });
    expect(normalize(error)).toEqual({
      type: "TypeError",
      message: "boom",
      stack: error.stack,
      cause: "why",
      code: "E1",
    });
  });

  it("keeps a field called __proto__ a field", () => {
    const copy = normalize(JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"polluted":true}}');
    expect(Reflect.get(copy as object, "polluted")).toBeUndefined();
  });

  it("marks a cycle, and copies twice what is only shared", () => {
    const shared = { a: 1 };
    const cyclic: Record<string, unknown> = { first: shared, second: shared };
    cyclic["self"] = cyclic;
    expect(normalize(cyclic)).toEqual({ first: { a: 1 }, second: { a: 1 }, self: "[Circular ~]" });
  });

  it("goes three levels deep unless told otherwise", () => {
    const deep = { a: { b: { c: new Account(), d: [1] } } };
    expect(normalize(deep)).toEqual({ a: { b: { c: "[Account]", d: "[Array]" } } });
    expect(normalize(deep, { depth: 1 })).toEqual({ a: "[Object]" });
    expect(normalize(deep, { depth: 4 })).toEqual({ a: { b: { c: { id: 1 }, d: [1] } } });
  });

  it("copies a thousand fields unless told otherwise", () => {
    const copy = normalize(Array.from({ length: 5000 }, () => 1));
    expect(copy).toHaveLength(1001);
    expect((copy as unknown[]).at(-1)).toBe("[MaxProperties ~]");
    expect(normalize({ a: 1, b: 2, c: 3 }, { breadth: 1 })).toEqual({
      a: 1,
      b: "[MaxProperties ~]",
    });
  });

  it("clips long text", () => {
    expect(normalize("x".repeat(9000))).toBe(`${"x".repeat(8189)}...`);
    expect(normalize(["abcdef"], { stringLength: 5 })).toEqual(["ab..."]);
  });

  it("bounds the size of the whole copy, and so the time", () => {
    const leaf = Array.from({ length: 1000 }, revoked);
    const wide = Array.from({ length: 1000 }, () => Array.from({ length: 1000 }, () => leaf));
    const cpu = cpuTime();
    const text = JSON.stringify(normalize({ wide, long: "x".repeat(1_000_000) }));
    expect(cpu()).toBeLessThan(2000);
    expect(text.length).toBeLessThan(120_000);
    expect(text).toContain("[MaxSize ~]");
  });

  it("counts the keys towards the size", () => {
    const keys = Array.from({ length: 900 }, (_, index) => `${index}${"k".repeat(190)}`);
    const text = JSON.stringify(normalize(Object.fromEntries(keys.map((key) => [key, 1]))));
    expect(text.length).toBeLessThan(105_000);
  });

  it("reads an error's cause once, enumerable or not", () => {
    let errors = 0;
    const endless = (): Error => {
      errors += 1;
      return Object.defineProperty(new Error(`${errors}`), "cause", {
        get: endless,
        enumerable: true,
      });
    };
    expect(normalize(endless(), { depth: 20 })).toMatchObject({
      cause: { cause: { message: "3" } },
    });
    expect(errors).toBe(20 + 1);
  });

  it("bounds what it copies with one budget", () => {
    const budget = copyBudget({ nodes: 11, totalLength: 1000 });
    expect(normalize([1, 2, 3], {}, budget)).toEqual([1, 2, 3]);
    expect(JSON.stringify(normalize(["x".repeat(900), 1, 2], {}, budget)).length).toBeGreaterThan(
      900,
    );
    expect(normalize({ a: { b: 1 } }, {}, budget)).toEqual({ a: { b: "[MaxSize ~]" } });
  });

  it("lists the keys of a few large objects at most, within one value and with one budget", () => {
    let listings = 0;
    const entries = Object.fromEntries(Array.from({ length: 2000 }, (_, key) => [`k${key}`, key]));
    const large = (): object =>
      new Proxy(entries, {
        ownKeys(target) {
          listings += 1;
          return Reflect.ownKeys(target);
        },
      });
    normalize(Array.from({ length: 200 }, large));
    expect(listings).toBeLessThanOrEqual(5);
    const budget = copyBudget();
    listings = 0;
    for (let count = 0; count < 200; count += 1) normalize(large(), {}, budget);
    expect(listings).toBeLessThanOrEqual(5);
  });

  it("changes nothing", () => {
    const value = Object.freeze({ a: Object.freeze([1, { b: new Date(5) }]) });
    expect(normalize(value)).toEqual({ a: [1, { b: "1970-01-01T00:00:00.005Z" }] });
  });
});

describe("an object with many prototypes", () => {
  it("is copied up to a thousand of them", () => {
    expect(normalize([derived(900), derived(100_000)])).toEqual([{ own: 2 }, "[Object]"]);
  });

  it("counts for more than a plain one, because each read of a missing property searches them all", () => {
    const plain = Array.from({ length: 60 }, () => ({ own: 2 }));
    const deep = Array.from({ length: 60 }, () => derived(900));
    expect(normalize(plain)).not.toContain("[MaxSize ~]");
    expect(normalize(deep)).toContain("[MaxSize ~]");
  });
});

describe("copies that are made while a value is read", () => {
  it("nest three deep", () => {
    let reads = 0;
    const value: object = Object.defineProperty({}, "self", {
      enumerable: true,
      get: () => ((reads += 1), normalize(value)),
    });
    expect(normalize(value)).toEqual({ self: { self: { self: "[MaxSize ~]" } } });
    expect(reads).toBe(3);
  });

  it("are charged to the value: not all of a thousand are made", () => {
    let copies = 0;
    const capturing = { toJSON: () => ((copies += 1), normalize({ a: 1 }), "made") };
    normalize(Array.from({ length: 1000 }, () => capturing));
    expect(copies).toBeGreaterThan(50);
    expect(copies).toBeLessThan(150);
  });
});

describe("Sentry's own normalize", () => {
  const leaf = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt(),
    fc.constantFrom(Symbol("s"), job, new Account(), new Date(0).toISOString()),
  );
  const ordinary = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie("value"), { maxLength: 6 }),
      fc.dictionary(
        fc.string({ maxLength: 8 }).filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 6 },
      ),
      fc.record({ toJSON: tie("value").map((result) => () => result) }),
    ),
  })).value;

  it("agrees on ordinary values, at any depth and breadth", () => {
    fc.assert(
      fc.property(ordinary, fc.nat(4), fc.integer({ min: 1, max: 5 }), (value, depth, breadth) => {
        const ours = normalize(value, { depth, breadth });
        expect(JSON.stringify(ours)).toBe(JSON.stringify(oracle(value, depth, breadth)));
      }),
      { numRuns: 500 },
    );
  });
});
