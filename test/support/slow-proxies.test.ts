import { describe, expect, it } from "vitest";

import { normalize } from "../../src/support/normalize.js";

/** A proxy each of whose traps takes a time; a busy machine makes it longer. */
function slowProxy(target: object, micros: number, trap: () => void): object {
  const slowly = <Args extends unknown[], Result>(run: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      trap();
      const start = performance.now();
      while ((performance.now() - start) * 1000 < micros);
      return run(...args);
    };
  };
  return new Proxy(target, {
    get: slowly(Reflect.get),
    ownKeys: slowly(Reflect.ownKeys),
    getOwnPropertyDescriptor: slowly(Reflect.getOwnPropertyDescriptor),
    getPrototypeOf: slowly(Reflect.getPrototypeOf),
  });
}

describe("a copy of proxies", () => {
  it.each([
    [20, 2000],
    [200, 50],
  ])("calls few traps that take %d µs", (micros, most) => {
    const list = Array.from({ length: 5000 }, () => 1);
    for (const target of [list, Object.fromEntries(list.entries())]) {
      let calls = 0;
      normalize(list.map(() => slowProxy(target, micros, () => (calls += 1))));
      expect(calls).toBeLessThan(most);
    }
  });

  it("shows a proxy that takes too long as such", () => {
    expect(normalize({ slow: slowProxy({ a: 1 }, 200, () => undefined), next: 1 })).toEqual({
      slow: "[Proxy]",
      next: 1,
    });
  });

  it("reads all of the proxies of an application", () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({ id: index, name: "n", tags: ["a"] }));
    expect(normalize(rows.map((row) => new Proxy(row, {})))).toEqual(rows);
  });

  it("lists the keys of a large one once", () => {
    let lists = 0;
    const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}`);
    const large = new Proxy(
      {},
      {
        ownKeys: () => ((lists += 1), keys),
        getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 1 }),
        get: (_target, key) => (key === "toJSON" ? undefined : 1),
      },
    );
    const copies = [1, 2, 3].map(() => Object.keys(Object(normalize(large))));
    expect(lists).toBe(1);
    expect(copies[0]?.slice(0, 900)).toEqual(keys.slice(0, 900));
    expect(copies[2]?.slice(0, 900)).toEqual(keys.slice(0, 900));
  });
});
