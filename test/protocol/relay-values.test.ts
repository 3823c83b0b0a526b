import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  validDist,
  validEnvironment,
  validLevel,
  validMeasurementName,
  validOrigin,
  validRelease,
  validSeconds,
  validTagKey,
  validTagValue,
  validUnit,
} from "../../src/protocol/relay-values.js";
import { CHARACTER } from "../property/characters.js";

describe("a release", () => {
  it.each([
    ["shop@1.2.3", "shop@1.2.3"],
    ["org/shop@1.2.3", "org-shop@1.2.3"],
    ["a\\b", "a-b"],
    ["1.2.3\n", "1.2.3"],
    ["1\t2", "1-2"],
    ["a\u007fb", "a-b"],
    ["a\u0085b", "a\u0085b"],
    [`${"a".repeat(199)}😀`, "a".repeat(199)],
    ["é".repeat(200), "é".repeat(100)],
    [`${"a".repeat(199)} b`, "a".repeat(199)],
    ["\ud83d", "\ufffd"],
    [7, "7"],
    ["", undefined],
    [" \u00a0 ", undefined],
    [".", undefined],
    ["..", undefined],
    ["LATEST", undefined],
    [" latest ", undefined],
    [{}, undefined],
  ])("%j is sent as %j", (given, sent) => {
    expect(validRelease(given)).toBe(sent);
  });
});

describe("an environment", () => {
  it.each([
    ["staging", "staging"],
    ["feature/login", "feature-login"],
    ["x".repeat(65), "x".repeat(64)],
    ["é".repeat(64), "é".repeat(32)],
    ["None", undefined],
    [" none ", undefined],
    ["..", undefined],
    ["", undefined],
  ])("%j is sent as %j", (given, sent) => {
    expect(validEnvironment(given)).toBe(sent);
  });
});

describe("a dist", () => {
  it.each([
    ["1.2_3-4", "1.2_3-4"],
    ["a b/c", "a-b-c"],
    ["x".repeat(65), "x".repeat(64)],
    [5, "5"],
    ["", undefined],
  ])("%j is sent as %j", (given, sent) => {
    expect(validDist(given)).toBe(sent);
  });
});

describe("a tag", () => {
  it.each([
    ["order id", "order-id"],
    ["a/b", "a_b"],
    ["é", "_"],
    ["x".repeat(201), "x".repeat(200)],
    ["", undefined],
    ["release", undefined],
    ["environment", undefined],
    ["user", undefined],
  ])("with the key %j has %j", (given, sent) => {
    expect(validTagKey(given)).toBe(sent);
  });

  it.each([
    [1.5, "1.5"],
    [true, "true"],
    [" a\nb ", "a b"],
    ["x".repeat(201), "x".repeat(200)],
    [`${"x".repeat(199)}😀`, "x".repeat(199)],
    [{ a: 1 }, "[object]"],
    ["", undefined],
    ["  ", undefined],
  ])("with the value %j has %j", (given, sent) => {
    expect(validTagValue(given)).toBe(sent);
  });
});

it.each([
  ["auto.http.my-lib", "auto.http.my_lib"],
  ["@x/y", "_x_y"],
  ["a".repeat(129), "a".repeat(128)],
])("the origin %j is sent as %j", (given, sent) => {
  expect(validOrigin(given)).toBe(sent);
});

describe("a measurement", () => {
  it.each([
    ["queue.depth", "queue.depth"],
    ["Queue-Depth", "queue_depth"],
    ["x".repeat(168), "x".repeat(167)],
    ["1st", undefined],
    ["_a", undefined],
    ["", undefined],
  ])("named %j is sent as %j", (given, sent) => {
    expect(validMeasurementName(given)).toBe(sent);
  });

  it.each([
    ["millisecond", "millisecond"],
    ["ms", "millisecond"],
    ["By", "byte"],
    ["1", "none"],
    ["Widgets", "widgets"],
    ["{requests}", undefined],
    ["x".repeat(16), undefined],
    ["", undefined],
    [5, undefined],
  ])("with the unit %j has %j", (given, sent) => {
    expect(validUnit(given)).toBe(sent);
  });
});

it.each([
  ["Warning", "warning"],
  ["warn", "warning"],
  ["critical", "fatal"],
  ["log", "log"],
  ["bogus", undefined],
  [5, undefined],
])("the level %j is %j", (given, sent) => {
  expect(validLevel(given)).toBe(sent);
});

it.each([
  [1_795_341_600.5, 1_795_341_600.5],
  [1_795_341_600_500, 1_795_341_600.5],
  [1_795_341_600_500_000, 1_795_341_600.5],
  [new Date(1_795_341_600_500), 1_795_341_600.5],
  ["2026-11-22T10:00:00.500Z", 1_795_341_600.5],
  [0, 0],
  [-1, undefined],
  [Number.NaN, undefined],
  ["yesterday", undefined],
  [new Date(Number.NaN), undefined],
])("the time %j is %j in seconds", (given, sent) => {
  expect(validSeconds(given)).toBe(sent);
});

it("the value of a tag may be a bigint", () => {
  expect(validTagValue(12n)).toBe("12");
});

it.each([validRelease, validEnvironment, validDist, validTagValue])(
  "what is valid is left as it is (%o)",
  (valid) => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (text) => {
        const once = valid(text);
        expect(once === undefined ? once : valid(once)).toBe(once);
      }),
    );
  },
);
