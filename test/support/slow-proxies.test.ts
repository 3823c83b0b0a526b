import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { AttributeEncoder } from "../../src/spans/attribute-encoder.js";
import { RecordPrivacy } from "../../src/logs/record-privacy.js";
import { ReportedErrors } from "../../src/errors/reported-errors.js";
import { Scope } from "../../src/scope/scope.js";
import { attributeText } from "../../src/logs/typed-attribute.js";
import { exceptionValues } from "../../src/errors/exception-values.js";
import { normalize } from "../../src/support/normalize.js";

// Only traps take time, and exactly as much as they are told to.
let millis = 0;
beforeEach(() => void vi.spyOn(performance, "now").mockImplementation(() => millis));
afterEach(() => void vi.restoreAllMocks());

/** A proxy each of whose traps takes a time. */
function slowProxy(target: object, micros: number, trap: () => void): object {
  const slowly = <Args extends unknown[], Result>(run: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      trap();
      millis += micros / 1000;
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

/** A proxy each of whose fields is loaded, in 0.1 ms, when it is read. */
function lazy(fields: number): object {
  const names = Array.from({ length: fields }, (_, index) => `f${index}`);
  return new Proxy(Object.fromEntries(names.map((name) => [name, "x"])), {
    get(target, name) {
      if (Object.hasOwn(target, name)) millis += 0.1;
      return Reflect.get(target, name);
    },
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

  it("reads nearly all of a hundred records whose traps take 5 µs", () => {
    const rows = Array.from({ length: 100 }, (_, id) => ({ id, name: "n", price: 2 }));
    const copy = normalize(rows.map((row) => slowProxy(row, 5, () => undefined)));
    const whole = Array.isArray(copy) ? copy.filter((row) => row !== "[Proxy]") : [];
    expect(copy).toHaveLength(100);
    expect(whole.length).toBeGreaterThan(75);
  });

  it("does not read fields for long that load when they are read, although `toJSON` is fast", () => {
    for (const value of [lazy(1000), Array.from({ length: 100 }, () => lazy(10))]) {
      millis = 0;
      normalize(value);
      expect(millis).toBeGreaterThan(1);
      expect(millis).toBeLessThan(12);
    }
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

// Each reads its value in one go, and calls the traps for at most 10 ms.
const READERS: Record<string, (values: object[]) => void> = {
  "the attributes of a log": (values) => {
    const privacy = new RecordPrivacy(false, 1000);
    const budget = privacy.begin(100_000);
    for (const value of values) privacy.attribute("name", value, budget);
  },
  "the attributes of a log that a hook returned": (values) =>
    void attributeText(
      values.map((value, index) => [`a${index}`, value]),
      { valueLength: 1000, totalLength: 100_000 },
    ),
  "the attributes of a span": (values) =>
    void new AttributeEncoder().encode(Object.fromEntries(values.entries())),
  "attachments of a scope": (values) =>
    void new Scope().update({ attachments: values as { filename: string; data: string }[] }),
  "linked errors": (values) =>
    void exceptionValues(Object.assign(new Error("e"), { errors: values }), {
      type: "generic",
      handled: true,
    }),
  "linked errors that are remembered": (values) =>
    new ReportedErrors().add(
      "trace",
      {
        form: "object",
        text: "e",
        atMillis: 0,
        error: Object.assign(new Error("e"), { errors: values }),
      },
      "event",
    ),
};

describe.each([5, 20, 45])("slow proxies whose traps take %d µs", (micros) => {
  it.each(Object.entries(READERS))("are not read for long: %s", (_name, read) => {
    for (const target of [{ a: 1, b: [1] }, [1, 2, 3], new Error("e")]) {
      millis = 0;
      read(Array.from({ length: 200 }, () => slowProxy(target, micros, () => undefined)));
      expect(millis).toBeLessThan(10);
    }
  });
});
