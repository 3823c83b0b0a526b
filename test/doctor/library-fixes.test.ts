import { expect, it } from "vitest";

import { boundCallback, codeFor, losesContext } from "../../src/doctor/library-fixes.js";

it("a fix names what the library needs, and no property of objects for a library of that name", () => {
  expect(codeFor({ name: "bluebird", version: "3.7.2" }, "general")).toContain("asyncHooks");
  expect(codeFor({ name: "constructor", version: undefined }, "general")).toBe("general");
  expect(codeFor(undefined, "general")).toBe("general");
});

it("a fix for callbacks also shows background work, whatever the library", () => {
  for (const library of [undefined, { name: "pg", version: "8.16.3" }])
    expect(boundCallback(library).code).toMatch(
      /\n\/\/ or, for background work\ncontext\.with\(ROOT_CONTEXT, \(\) => startWork\(\)\);$/,
    );
});

it.each([
  ["bluebird", true],
  ["p-queue", false],
  ["pg", false],
])("%s always loses the context of its callbacks: %s", (name, expected) => {
  expect(losesContext({ name, version: undefined })).toBe(expected);
});
