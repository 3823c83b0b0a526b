import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { describe, expect, it, onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../..");
const url = pathToFileURL(join(root, "scripts/matrix/vitest-run.mjs")).href;

const PASSES = `import { it } from "vitest"; it("passes", () => {});`;

/** What the run of the matrix calls a failure, in a repository with these test files. */
function failuresOf(texts: readonly string[], folder = "test"): string[] {
  const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-suite-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  for (const [index, text] of texts.entries())
    writeFileSync(join(directory, `${index}.test.js`), text);
  // Starts no process for the tests.
  writeFileSync(
    join(directory, "vitest.config.js"),
    `export default { test: { pool: "threads" } };`,
  );
  writeFileSync(
    join(directory, "run.mjs"),
    `import { writeFileSync } from "node:fs";
     import { failedTests } from ${JSON.stringify(url)};
     const { VITEST, VITEST_MODE, ...env } = process.env;
     const failures = failedTests(process.cwd(), { node: process.execPath, env, folders: ["${folder}"] });
     writeFileSync(1, "\\n" + JSON.stringify(failures));`,
  );
  const output = execFileSync(process.execPath, ["run.mjs"], { cwd: directory, stdio: "pipe" });
  return JSON.parse(output.toString().split("\n").at(-1) ?? "") as string[];
}

describe("the run of the tests with the second line of the SDK", () => {
  it("has no failures if all tests pass", () => {
    expect(failuresOf([PASSES])).toEqual([]);
  });

  it("names the tests that fail, and the files that cannot be loaded", () => {
    const texts = [`${PASSES} it("fails", () => { throw new Error(); });`, `throw new Error();`];
    expect(new Set(failuresOf(texts))).toEqual(new Set(["0.test.js > fails", "1.test.js"]));
  });

  it("fails if there is an unhandled rejection, although all tests pass", () => {
    const text = `${PASSES} it("waits", async () => { Promise.reject(new Error()); await new Promise((resolve) => setImmediate(resolve)); });`;
    expect(failuresOf([text])).toEqual(["vitest ended with status 1, although no test failed"]);
  });

  it("fails if no file, or no test, is in the folders", () => {
    expect(failuresOf([PASSES], "nowhere")).toEqual(["no test was run: nowhere"]);
    expect(failuresOf([`import "vitest";`])).toContain("no test was run: test");
  });
});
