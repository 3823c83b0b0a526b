import { describe, expect, it } from "vitest";

import { guardMethods, guardOf, guarded } from "../../src/support/guard.js";

const run = <T>(fn: () => T): T => fn();
const plain = (): number => 1;
const failure = new Error("failed inside");

describe("a guarded function", () => {
  it("returns what its stand-in makes of the error and the arguments", () => {
    const { read } = guarded(
      {
        read: (name: string): unknown => {
          throw Object.assign(failure, { read: name });
        },
      },
      { read: (error, name) => [error, name] },
    );

    expect(read("tags")).toEqual([failure, "tags"]);
  });

  it("is the function itself where nothing can throw but what its caller passed", () => {
    expect(guarded({ run }, { run: "passes" }).run).toBe(run);
  });

  it("runs nothing where its argument is no function, and passes on what the function throws", () => {
    const runner = guarded({ run }, { run: 0 });
    const call: (fn: unknown) => unknown = runner.run as never;
    const fail = (): never => {
      throw failure;
    };

    expect([call(undefined), call({}), call(() => 1)]).toEqual([undefined, undefined, 1]);
    expect(() => runner.run(fail)).toThrow(failure);
  });

  it("can be found by the function, for stack traces that begin above it", () => {
    const { door } = guarded({ door: plain }, { door: () => 0 });

    expect(guardOf(plain)).toBe(door);
    expect(guardOf(door)).toBe(door);
  });
});

describe("guarded functions that call one another through callbacks", () => {
  it("run at most 400 times within calls within one call", () => {
    let runs = 0;
    const doors = guarded(
      { read: (): number => ((runs += 1), doors.read(), doors.read()) },
      { read: () => 0 },
    );

    expect(doors.read()).toBe(0);
    expect(runs).toBe(400 + 2);
    runs = 0;
    doors.read();
    expect(runs).toBe(400 + 2);
  });

  it("run as often as a hook within one call calls them", () => {
    const doors = guarded(
      { read: plain, within: (hook: () => number[]) => hook() },
      { read: () => 0, within: () => [] },
    );
    const results = doors.within(() => Array.from({ length: 1000 }, () => doors.read()));
    expect(results.filter((result) => result === 1)).toHaveLength(1000);
  });
});

describe("a class with guarded methods", () => {
  it("keeps `this`, private fields and what inherits from it", () => {
    class Counter {
      #count = 0;
      add(step: number): number {
        if (step < 0) throw failure;
        this.#count += step;
        return this.#count;
      }
      count(): number {
        return this.#count;
      }
    }
    guardMethods(Counter.prototype, {
      add(this: Counter) {
        return this.count();
      },
      count: "passes",
    });
    const counter = new (class Derived extends Counter {})();

    expect([counter.add(2), counter.add(-1), counter.add(3)]).toEqual([2, 2, 5]);
  });
});
