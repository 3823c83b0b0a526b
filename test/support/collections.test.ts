import fc from "fast-check";
import { expect, it } from "vitest";

import { BoundedMap } from "../../src/support/collections.js";
import { cpuTime } from "../time/measure.js";

const KEYS = ["a", "b", "c", "d", ""] as const;

/** A list of keys, oldest first, that does what a bounded map should do. */
class Model {
  keys: string[] = [];
  readonly evicted: string[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  readonly steps: Record<Step, (key: string) => void> = {
    set: (key) => {
      if (!this.keys.includes(key)) this.#add(key);
    },
    setNewest: (key) => {
      this.steps.delete(key);
      this.#add(key);
    },
    delete: (key) => {
      this.keys = this.keys.filter((each) => each !== key);
    },
    evictOldest: () => {
      this.evicted.push(...this.keys.splice(0, 1));
    },
    clear: () => {
      this.keys = [];
    },
  };

  #add(key: string): void {
    this.keys.push(key);
    if (this.keys.length > this.#max) this.steps.evictOldest("");
  }
}

const STEPS = ["set", "setNewest", "delete", "evictOldest", "clear"] as const;
type Step = (typeof STEPS)[number];

it("a bounded map evicts in the order of its entries, whatever is set and deleted", () => {
  const step = fc.record({ kind: fc.constantFrom(...STEPS), key: fc.constantFrom(...KEYS) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, max) => {
      const evicted: string[] = [];
      const map = new BoundedMap<string, string>(max, (value, key) => {
        expect(value).toBe(key);
        evicted.push(key);
      });
      const model = new Model(max);
      for (const { kind, key } of steps) {
        model.steps[kind](key);
        map[kind](key, key);
        expect([...map.keys()]).toEqual(model.keys);
        expect(evicted).toEqual(model.evicted);
      }
    }),
  );
});

it("a bounded map evicts as fast from many entries as from few", () => {
  const map = new BoundedMap<number, number>(50_000);
  const cpu = cpuTime();
  for (let key = 0; key < 300_000; key += 1) map.setNewest(key, key);
  expect(map.size).toBe(50_000);
  // Looking for the oldest entry from the start of the map takes ten times as long.
  expect(cpu()).toBeLessThan(3000);
});

it("an entry of a bounded map that is set again keeps its age", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1).set("b", 2).set("a", 3).set("c", 4);
  expect([...map]).toEqual([
    ["b", 2],
    ["c", 4],
  ]);
});

it("a bounded map evicts its oldest entry on demand, until there is none", () => {
  const evicted: string[] = [];
  const map = new BoundedMap<string, number>(5, (_, key) => void evicted.push(key));
  map.set("a", 1).set("b", 2);
  expect([map.evictOldest(), map.evictOldest(), map.evictOldest()]).toEqual([true, true, false]);
  expect(evicted).toEqual(["a", "b"]);
});
