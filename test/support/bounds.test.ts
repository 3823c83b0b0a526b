import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { firstOf, ownEntries, ownKeys } from "../../src/support/foreign.js";
import { normalize } from "../../src/support/normalize.js";

const MAX_LENGTH = 120_000;

/** Counts how often any of its traps runs, at any depth. */
function counted(make: (trap: () => void) => unknown): { value: unknown; calls: () => number } {
  let calls = 0;
  const value = make(() => (calls += 1));
  return { value, calls: () => calls };
}

function endlessProxy(trap: () => void): object {
  const target = {};
  return new Proxy(target, {
    ownKeys: () => {
      trap();
      return ["a", "b", "c"];
    },
    getOwnPropertyDescriptor: () => {
      trap();
      return { configurable: true, enumerable: true, value: 1 };
    },
    get: (_target, key) => {
      trap();
      return typeof key === "symbol" || key === "toJSON" ? undefined : endlessProxy(trap);
    },
  });
}

function sparse(length: number): unknown[] {
  const list: unknown[] = ["first"];
  list.length = length;
  return list;
}

function doubled(levels: number): unknown {
  let value: unknown = "leaf";
  for (let level = 0; level < levels; level += 1) value = { left: value, right: value };
  return value;
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = "leaf";
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

function endlessJson(): unknown {
  return { toJSON: endlessJson };
}

function fail(): never {
  throw new Error("unreadable");
}

describe("a copy is bounded, whatever it is of", () => {
  it.each<[string, () => unknown]>([
    ["a list of 2 ** 32 - 1 places", () => sparse(2 ** 32 - 1)],
    ["bytes", () => Buffer.alloc(10_000_000)],
    ["numbers", () => new Float64Array(1_000_000)],
    ["a boxed text", () => Object("x".repeat(1_000_000))],
    ["a map", () => new Map(Array.from({ length: 100_000 }, (_, index) => [index, undefined]))],
    ["a set", () => new Set(Array.from({ length: 100_000 }, (_, index) => index))],
    ["shared parts", () => doubled(60)],
    ["depth", () => nested(100_000, (inner) => ({ inner }))],
    ["depth of lists", () => nested(100_000, (inner) => [inner])],
    ["a long text", () => "\ud83d".repeat(1_000_000)],
    ["long keys", () => ({ ["k".repeat(1_000_000)]: 1 })],
    ["a long symbol", () => Symbol("s".repeat(1_000_000))],
    ["a long number", () => 1n << 1_000_000n],
    ["a toJSON that returns one more, without end", endlessJson],
    [
      "a list whose iterator never ends",
      () =>
        Object.assign([1], {
          *[Symbol.iterator]() {
            for (;;) yield 1;
          },
        }),
    ],
  ])("%s", (_what, make) => {
    for (const depth of [3, 20]) {
      const text = JSON.stringify(normalize(make(), { depth, omitUndefined: true }));
      expect(text.length).toBeLessThan(MAX_LENGTH);
    }
  });

  it("calls at most a few traps for each value that it keeps", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 500 }),
        (depth, nodes) => {
          const { value, calls } = counted(endlessProxy);
          normalize(value, { depth, nodes });
          expect(calls()).toBeLessThan(12 * nodes + 100);
        },
      ),
    );
  });

  it.each<[string, number, () => unknown]>([
    ["a getter", 3, () => Object.defineProperty({}, "a", { enumerable: true, get: fail })],
    [
      "a prototype",
      2,
      () => Object.create(Object.defineProperty({}, "constructor", { get: fail })),
    ],
    ["a function's name", 3, () => Object.defineProperty(() => 1, "name", { get: fail })],
    ["a trap", 3, () => new Proxy({}, { ownKeys: fail })],
    ["a trap of a function", 3, () => new Proxy(() => 1, { get: fail })],
    ["toJSON", 3, () => ({ toJSON: fail })],
  ])("reads fewer values that throw: %s", (_what, depth, make) => {
    const { value, calls } = counted((trap) =>
      Array.from({ length: 1000 }, () =>
        Object.defineProperty({}, "value", {
          enumerable: true,
          get: () => {
            trap();
            return make();
          },
        }),
      ),
    );
    normalize(value, { depth, nodes: 1000 });
    expect(calls()).toBeLessThan(100);
  });

  it("lists the keys of few objects that have many more than are read", () => {
    for (const [length, lists] of [
      [1500, 5],
      [9000, 2],
      [50_000, 2],
    ] as const) {
      const keys = Array.from({ length }, (_, index) => `k${index}`);
      const { value, calls } = counted((trap) =>
        Array.from(
          { length: 200 },
          () =>
            new Proxy(
              {},
              {
                ownKeys: () => {
                  trap();
                  return keys;
                },
                getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true }),
              },
            ),
        ),
      );
      normalize(value);
      expect(calls()).toBeLessThanOrEqual(lists);
    }
  });

  it("lists few objects of which no key is read", () => {
    const many = Array.from({ length: 20_000 }, (_, index) => index);
    const hidden = (): object =>
      Object.defineProperties({}, Object.fromEntries(many.map((index) => [`k${index}`, {}])));
    const symbols = (): object => Object.fromEntries(many.map((index) => [Symbol(index), index]));
    for (const make of [hidden, symbols]) {
      // One more than are listed.
      const objects = Array.from({ length: 4 }, make);
      const { value, calls } = counted((trap) =>
        Array.from({ length: 20 }, (_, index) =>
          Object.defineProperty({}, "a", {
            enumerable: true,
            get: () => {
              trap();
              return objects[index % objects.length];
            },
          }),
        ),
      );
      normalize(value);
      expect(calls()).toBeLessThan(4);
    }
  });

  it("counts control characters as long as they are in JSON", () => {
    const value = Array.from({ length: 100 }, () => "\u0001".repeat(1000));
    expect(JSON.stringify(normalize(value, { totalLength: 10_000 })).length).toBeLessThan(20_000);
    expect(normalize("a\tb\n".repeat(100), { totalLength: 600 })).toHaveLength(400);
  });

  it("reads few texts of megabytes", () => {
    const long = "x".repeat(10_000_000);
    const text = JSON.stringify(normalize(Array.from({ length: 100 }, () => long)));
    expect(text.split("xxx...").length).toBeLessThan(3);
  });

  it("calls no getter beyond its breadth", () => {
    const { value, calls } = counted((trap) =>
      Object.defineProperties(
        {},
        Object.fromEntries(
          Array.from({ length: 5000 }, (_, index) => [
            `k${index}`,
            { enumerable: true, get: trap },
          ]),
        ),
      ),
    );
    normalize(value, { breadth: 10 });
    expect(calls()).toBeLessThanOrEqual(11);
  });

  it("reads a list's length once, whatever it says", () => {
    for (const length of [Number.POSITIVE_INFINITY, 2 ** 53, Number.NaN, -1, "9"]) {
      const { value, calls } = counted(
        (trap) =>
          new Proxy([], {
            get: (_target, key) => {
              if (key === "length") trap();
              if (key === "toJSON") return undefined;
              return key === "length" ? length : "x";
            },
          }),
      );
      normalize(value, { breadth: 5 });
      expect(calls()).toBe(1);
    }
  });
});

describe("own keys", () => {
  it("are those of an object, at most as many as asked for", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), fc.nat(10), (value, max) => {
        expect(ownKeys(value, max)).toEqual(Object.keys(value).slice(0, max));
        expect(ownEntries(value, max)).toEqual(Object.entries(value).slice(0, max));
      }),
    );
  });

  it("of a proxy are read without a descriptor for each of them", () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `k${index}`);
    const { value, calls } = counted(
      (trap) =>
        new Proxy(
          {},
          {
            ownKeys: () => keys,
            getOwnPropertyDescriptor: () => {
              trap();
              return { configurable: true, enumerable: true, value: 1 };
            },
          },
        ),
    );
    expect(ownKeys(Object(value), 3)).toEqual(["k0", "k1", "k2"]);
    expect(calls()).toBe(3);
  });

  it("of a large object stay those that were read first", () => {
    const large: Record<string, number> = {};
    for (let index = 0; index < 20_000; index += 1) large[`k${index}`] = index;
    expect(ownKeys(large, 2)).toEqual(["k0", "k1"]);
    large["later"] = 1;
    expect(ownKeys(large, 5000)).toHaveLength(1001);
    large["k0"] = 7;
    expect(ownEntries(large, 1)).toEqual([["k0", 7]]);
  });

  it("of bytes and boxed texts are none, of a list its indexes", () => {
    expect(ownKeys(Buffer.alloc(100), 10)).toEqual([]);
    expect(ownKeys(Object("text"), 10)).toEqual([]);
    expect(ownKeys(sparse(2 ** 32 - 1), 2)).toEqual(["0", "1"]);
  });
});

it("the first of a list are read by index", () => {
  expect(firstOf(sparse(2 ** 32 - 1), 2)).toEqual(["first", undefined]);
  expect(firstOf({ length: 5 }, 2)).toEqual([]);
});
