import { expect, it } from "vitest";

import { codeFor, losesContext } from "../../src/doctor/library-fixes.js";

it("a fix names what the library needs, and no property of objects for a library of that name", () => {
  expect(codeFor({ name: "bluebird", version: "3.7.2" }, "general")).toContain("asyncHooks");
  expect(codeFor({ name: "constructor", version: undefined }, "general")).toBe("general");
  expect(codeFor(undefined, "general")).toBe("general");
});

it.each([
  ["bluebird", true],
  ["p-queue", false],
  ["pg", false],
])("%s always loses the context of its callbacks: %s", (name, expected) => {
  expect(losesContext({ name, version: undefined })).toBe(expected);
});
