import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { describe, expect, it, onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../..");
const url = pathToFileURL(join(root, "scripts/matrix/vitest-run.mjs")).href;

const PASSES = `import { it } from "vitest"; it("passes", () => {});`;

/** What the run of the matrix calls a failure, in a repository with one test file. */
function failuresOf(text: string, folder = "test"): unknown {
  const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-suite-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  writeFileSync(join(directory, "one.test.js"), text);
  writeFileSync(
    join(directory, "run.mjs"),
    `import { writeFileSync } from "node:fs";
     import { failedTests } from ${JSON.stringify(url)};
     const { VITEST, VITEST_MODE, ...env } = process.env;
     const failures = failedTests(process.cwd(), { node: process.execPath, env, folders: ["${folder}"] });
     writeFileSync(1, "\\n" + JSON.stringify(failures));`,
  );
  const output = execFileSync(process.execPath, ["run.mjs"], { cwd: directory, stdio: "pipe" });
  return JSON.parse(output.toString().split("\n").at(-1) ?? "");
}

describe("the run of the tests with the second line of the SDK", () => {
  it("has no failures if all tests pass", () => {
    expect(failuresOf(PASSES)).toEqual([]);
  });

  it("names the tests that fail, and the files that cannot be loaded", () => {
    expect(failuresOf(`${PASSES} it("fails", () => { throw new Error(); });`)).toEqual([
      "one.test.js > fails",
    ]);
    expect(failuresOf(`throw new Error();`)).toContain("one.test.js");
  });

  it("fails if there is an unhandled rejection, although all tests pass", () => {
    const text = `${PASSES} it("waits", async () => { Promise.reject(new Error()); await new Promise((resolve) => setImmediate(resolve)); });`;
    expect(failuresOf(text)).toEqual(["vitest ended with status 1, although no test failed"]);
  });

  it("fails if no file, or no test, is in the folders", () => {
    expect(failuresOf(PASSES, "nowhere")).toEqual(["no test was run: nowhere"]);
    expect(failuresOf(`import "vitest";`)).toContain("no test was run: test");
  });
});
