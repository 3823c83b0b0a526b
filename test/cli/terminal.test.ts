import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { cutStart, processTerminal } from "../../src/cli/terminal.js";
import { textWidth } from "../../src/support/terminal-text.js";

afterEach(() => vi.unstubAllEnvs());

// The test's own output is piped or not: these hold where it is.
describe.skipIf(process.stdout.isTTY)("output that is piped", () => {
  it.each([
    ["1", true],
    ["", true],
    ["true", true],
    ["3", true],
    ["0", false],
    ["false", false],
    [undefined, false],
  ])("is coloured with FORCE_COLOR=%s: %s", (value, hasColours) => {
    vi.stubEnv("FORCE_COLOR", value);

    expect(processTerminal().hasColours).toBe(hasColours);
  });
});

describe("the end of a text", () => {
  it.each([
    ["/app/src/order.js:12", 20, "/app/src/order.js:12"],
    ["/app/src/order.js:12", 12, "…order.js:12"],
    ["/app/注文.js:12", 10, "…文.js:12"],
    ["\u{1B}[2Jx", 5, "\u{FFFD}[2Jx"],
  ])("of %j within %i columns is %j", (text, columns, end) => {
    expect(cutStart(text, columns)).toBe(end);
    expect(textWidth(cutStart(text, columns))).toBeLessThanOrEqual(columns);
  });
});

it.each([
  [0, 80],
  [undefined, 80],
  [132, 132],
])("a terminal that says it has %s columns has %i", (columns, expected) => {
  const before = { isTTY: process.stdout.isTTY, columns: process.stdout.columns };
  onTestFinished(() => void Object.assign(process.stdout, before));
  Object.assign(process.stdout, { isTTY: true, columns, hasColors: () => false });

  expect(processTerminal().columns).toBe(expected);
});
