import { resourceFromAttributes } from "@opentelemetry/resources";
import { beforeEach, expect, it } from "vitest";

import { reportBrokenRules, reportBrokenSetting } from "../../src/client/value-faults.js";
import { createDiagnostics } from "../../src/support/diagnostics.js";
import { forgetFaults, standardError } from "../support/fault-kit.js";
import { startBridge } from "./bridge.js";

beforeEach(forgetFaults);

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

it.each([
  [
    "a/b@1",
    "a-b@1",
    /the option `release` or SENTRY_RELEASE: "a\/b@1" is sent as "a-b@1". Relay would delete it: a release has/,
  ],
  ["latest", undefined, /"latest" is left out\. Relay/],
  [
    "r".repeat(300),
    "r".repeat(200),
    /: "r{100}" has 300 characters; the first 200 are sent\. Relay/,
  ],
])("a repaired setting is one line with its source: %s", (given, sent, line) => {
  const written = standardError();
  const diagnostics = createDiagnostics({ warn: () => undefined, debug: () => undefined });
  const source = "the option `release` or SENTRY_RELEASE";
  for (let time = 0; time < 2; time += 1)
    reportBrokenSetting(diagnostics, "release", { given, sent, source });
  expect(written).toEqual([expect.stringMatching(line)]);
});

it("names the option that a repaired value comes from, and the resource's attribute", async () => {
  const bridge = startBridge(
    { serverName: "s".repeat(300) },
    { resource: resourceFromAttributes({ "service.version": "a/b@1" }) },
  );
  bridge.tracer.startSpan("root").end();
  await bridge.flushed();
  const said = bridge.warnings.join("\n");
  expect(said).toContain("the option `serverName`: ");
  expect(said).toContain('`service.version` of the resource: "a/b@1" is sent as "a-b@1"');
});
