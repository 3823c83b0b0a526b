// A run of vitest in another directory, and what failed in it.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * Runs the tests of folders and returns those that failed, as `file > name`. A run without tests is a failure, and one that fails
 * without a failed test, as by an unhandled rejection.
 */
export function failedTests(directory, { node, env, folders }) {
  const report = join(directory, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = join(directory, "node_modules/vitest/vitest.mjs");
  const { status } = spawnSync(node, [vitest, "run", ...reporters, ...folders], {
    cwd: directory,
    env,
    stdio: "inherit",
  });
  const { testResults } = existsSync(report)
    ? JSON.parse(readFileSync(report, "utf8"))
    : { testResults: [] };
  const failures = testResults.flatMap((result) => failuresIn(result, directory));
  if (testResults.every(({ assertionResults }) => assertionResults.length === 0))
    failures.push(`no test was run: ${folders.join(" ")}`);
  if (status !== 0 && failures.length === 0)
    failures.push(`vitest ended with status ${status}, although no test failed`);
  return failures;
}

function failuresIn({ name, assertionResults, status }, directory) {
  const file = relative(directory, name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0 && status === "failed") return [file];
  return failed.map(({ fullName }) => `${file} > ${fullName}`);
}
