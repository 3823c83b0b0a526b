import { describe, expect, it } from "vitest";

import { describeNonError, serializedCopy } from "../../src/errors/exception-values.js";

function job() {}

class Refusal {
  code = 7;
}

describe("a thrown value that is no error", () => {
  it.each([
    ["text", "boom", "boom"],
    ["a number", 42, "42"],
    ["a big integer", 12n, "12"],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a function", job, "[Function: job]"],
  ])("is its own text when it is %s", (_what, thrown, value) => {
    expect(describeNonError(thrown)).toEqual({ type: "Error", value });
    expect(serializedCopy(thrown)).toBeUndefined();
  });

  it.each([
    ["a plain object", { b: 1, a: 2 }, "Object captured as exception with keys: a, b"],
    ["an empty object", {}, "Object captured as exception with keys: [object has no keys]"],
    [
      "an object without prototype",
      Object.assign(Object.create(null) as object, { a: 1 }),
      "Object captured as exception with keys: a",
    ],
    ["an object with a message", { message: "no seat", code: 1 }, "no seat"],
    [
      "an object with name and message",
      { name: "Full", message: "no seat" },
      "'Full' captured as exception with message 'no seat'",
    ],
  ])("is described when it is %s", (_what, thrown, value) => {
    expect(describeNonError(thrown)).toEqual({ type: "Error", value });
  });

  it.each([
    [new Refusal(), "Refusal", "'Refusal' captured as exception with keys: code"],
    [["x", "y"], "Array", "'Array' captured as exception with keys: 0, 1"],
  ])("is typed by its class when it has one: %o", (thrown, type, value) => {
    expect(describeNonError(thrown)).toEqual({ type, value });
  });

  it("is copied when it is an object, within the size of an extra value", () => {
    expect(serializedCopy({ a: [1, { b: 2 }] })).toEqual({ a: [1, { b: 2 }] });
    const large = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`key${index}`, "v".repeat(500)]),
    );
    expect(JSON.stringify(serializedCopy(large)).length).toBeLessThan(17_000);
  });

  it("lists at most fifty keys", () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, 1]));
    expect(describeNonError(many).value.split(", ")).toHaveLength(51);
    expect(describeNonError(many).value.endsWith(", ...")).toBe(true);
    expect(describeNonError(new Uint8Array(10_000_000)).value).toMatch(/no keys/);
    expect(describeNonError(Object.assign([], { length: 1e9 })).value.endsWith(", ...")).toBe(true);
  });
});
