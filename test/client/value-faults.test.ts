import { expect, it } from "vitest";

import { reportBrokenRules } from "../../src/client/value-faults.js";
import { createDiagnostics } from "../../src/diagnostics/diagnostics.js";

it("each rule that a value breaks is one warning per client", () => {
  const warnings: string[] = [];
  const diagnostics = createDiagnostics({
    warn: (message) => void warnings.push(message),
    debug: () => undefined,
  });
  reportBrokenRules(diagnostics, ["dist", "release"]);
  reportBrokenRules(diagnostics, ["release"]);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain("a dist has 1 to 64 letters");
});
