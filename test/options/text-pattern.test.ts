import { describe, expect, it } from "vitest";

import { matchesPattern, matchesAny } from "../../src/options/text-pattern.js";

describe("a text pattern", () => {
  it("as a string must be contained, case-sensitively", () => {
    expect(matchesPattern("GET /health", "/health")).toBe(true);
    expect(matchesPattern("GET /Health", "/health")).toBe(false);
    expect(matchesPattern("anything", "")).toBe(true);
  });

  it.each(["", "g", "y", "gi"])("with the flags %j gives the same answer each time", (flags) => {
    const pattern = new RegExp("^GET", flags);
    expect([1, 2, 3].map(() => matchesPattern("GET /health", pattern))).toEqual([true, true, true]);
  });

  it("matches if one of several does", () => {
    expect(matchesAny("GET /health", [/^POST/, "/health"])).toBe(true);
    expect(matchesAny("GET /health", [/^POST/, "/status"])).toBe(false);
    expect(matchesAny("GET /health", [])).toBe(false);
  });
});
