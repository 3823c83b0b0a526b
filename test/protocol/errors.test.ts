import { expect, it } from "vitest";

import { OptionsError, isOptionsError } from "../../src/protocol/errors.js";

it.each<[unknown, string]>([
  ["text", '"text"'],
  ["x".repeat(1000), `"${"x".repeat(100)}"`],
  [Number.NaN, "NaN (number)"],
  [5n, "5 (bigint)"],
  [null, "null"],
  [undefined, "undefined"],
  [[1, 2], "an array"],
  [{ secret: "s" }, "an object"],
  [Object.create(null), "an object"],
  [Symbol("s"), "Symbol(s) (symbol)"],
])("tells %o as %s", (received, text) => {
  const error = new OptionsError({ option: "release", expected: "must be a string", received });
  expect(error.message).toBe(`\`release\` must be a string; got ${text}`);
  expect(error).toMatchObject({ name: "OptionsError", option: "release" });
  expect(error).toBeInstanceOf(Error);
});

it("says nothing of the value where that means nothing", () => {
  const error = new OptionsError({ option: "dns", expected: "is not an option" });
  expect(error.message).toBe("`dns` is not an option");
});

it("is known across copies of the package, and nothing else is taken for it", () => {
  const foreign = Object.assign(new Error("`dsn` must"), { name: "OptionsError", option: "dsn" });
  expect(isOptionsError(foreign)).toBe(true);
  expect(isOptionsError(new Error("`dsn` must"))).toBe(false);
  expect(isOptionsError({ name: "OptionsError", option: "dsn" })).toBe(false);
  expect(isOptionsError(undefined)).toBe(false);
});
