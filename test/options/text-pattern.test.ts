import { describe, expect, it } from "vitest";

import { matchesAny, matchesPattern, ownPattern } from "../../src/options/text-pattern.js";

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

describe("the copy of a pattern", () => {
  class Loud extends RegExp {
    override exec(): null {
      throw new Error("exec");
    }
    override get source(): string {
      throw new Error("source");
    }
    override get flags(): string {
      throw new Error("flags");
    }
  }

  it.each<[string, RegExp]>([
    ["a subclass", new Loud("^get", "i")],
    ["a frozen one", Object.freeze(/^get/gi)],
    ["one in use", Object.assign(/^get/giy, { lastIndex: 3 })],
    ["one with members", Object.assign(/^get/i, { exec: () => null, test: () => false })],
    [
      "one that throws as a pattern",
      Object.defineProperty(/^get/i, Symbol.match, {
        get: () => {
          throw new Error("match");
        },
      }),
    ],
  ])("is the same expression and nothing else: %s", (_what, given) => {
    const copy = ownPattern(given) as RegExp;
    expect([1, 2].map(() => matchesPattern("GET /health", copy))).toEqual([true, true]);
    expect(matchesPattern("POST /health", copy)).toBe(false);
    expect(Object.getPrototypeOf(copy)).toBe(RegExp.prototype);
  });

  it("is one of each pattern in an object", () => {
    const given = { name: new Loud("^get", "i"), attributes: { key: new Loud("x"), other: 1 } };
    const copy = ownPattern(given) as typeof given;
    expect(matchesPattern("GET", copy.name)).toBe(true);
    expect(matchesPattern("x", copy.attributes.key)).toBe(true);
    expect(copy.attributes.other).toBe(1);
    expect(Object.isFrozen(copy.attributes)).toBe(true);
  });
});
