import { describe, expect, it } from "vitest";

import { isInRange } from "../../src/doctor/version-range.js";

describe("a version and a range of a package manifest", () => {
  it.each([
    ["1.9.1", ">=1.3.0 <1.10.0", true],
    ["1.10.0", ">=1.3.0 <1.10.0", false],
    ["1.9.1", ">=1.10.0 <1.11.0", false],
    ["1.9.1", "^1.3.0", true],
    ["2.0.0", "^1.3.0", false],
    ["0.3.9", "^0.3.1", true],
    ["0.4.0", "^0.3.1", false],
    ["0.0.4", "^0.0.3", false],
    ["1.2.9", "~1.2.3", true],
    ["1.3.0", "~1.2.3", false],
    ["20.20.2", "^18.19.0 || >=20.6.0", true],
    ["20.5.0", "^18.19.0 || >=20.6.0", false],
    ["18.19.1", "^18.19.0 || >=20.6.0", true],
    ["1.4.0", "1.x", true],
    ["2.4.0", "1.x", false],
    ["1.2.3", "1.2.3", true],
    ["1.2.4", "1.2.3", false],
    ["1.2.4", "1.2", true],
    ["5.0.0", "*", true],
    ["5.0.0", "", true],
    ["5.0.0", "> 4", true],
    ["4.0.0", "<= 3.9", false],
    // What is not understood is no fault.
    ["1.0.0", "workspace:*", true],
    ["1.10.0-rc.1", "<1.10.0", true],
    ["?", ">=1", true],
  ])("%s, %s: %s", (version, range, isIn) => {
    expect(isInRange(version, range)).toBe(isIn);
  });
});
