import { expect, it } from "vitest";

import { isInRange } from "../../src/doctor/version-range.js";

it.each([
  ["20.19.0", "<=20", true],
  ["21.0.0", "<=20", false],
  ["20.19.0", ">20", false],
  ["21.0.0", ">20", true],
  ["1.9.1", "<=1.9", true],
  ["1.9.1", "<=1.9.0", false],
  ["1.9.1", ">1.9.0", true],
  ["20.19.0", "18 - 22", true],
  ["22.5.0", "18 - 22", true],
  ["23.0.0", "18 - 22", false],
  ["17.9.0", "18 - 22", false],
  ["1.9.1", ">=1.3.0 <1.10.0", true],
  ["1.10.0", ">= 1.3.0 < 1.10.0", false],
  ["1.10.0", "^1.3.0", true],
  ["2.0.0", "^1.3.0", false],
  ["0.4.0", "^0.3.0", false],
  ["1.3.9", "~1.3.2", true],
  ["1.4.0", "~1.3.2", false],
  ["2.5.0", "1.x || 2.x", true],
  ["3.0.0", "1.x || 2.*", false],
  ["3.0.0", "*", true],
  ["3.0.0", "", true],
  ["3.0.0-rc.1", "<2", true],
  ["3.0.0", "latest", true],
])("%s is in the range `%s`: %s", (version, range, expected) => {
  expect(isInRange(version, range)).toBe(expected);
});
