// Runs the tests with the second line of OpenTelemetry's SDK, 3.x with API 1.10, on Node 24: `npm run test:matrix [-- FOLDER ...]`.
// Names the tests that failed. Those in `known-failures.mjs` must fail, and no others. `npm test` runs the first line.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { KNOWN_FAILURES } from "./known-failures.mjs";
import { installNodes, npm } from "./nodes.mjs";
import { failedTests } from "./vitest-run.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

const NOT_SOURCES = new Set([".git", "dist", "node_modules"]);

// In `node_modules`, but no packages.
const CACHES = /^\.(?:cache|package-lock|vite)/;

/** Copies packages; as links to the same files, where the file system can. */
function copyPackages(from, to) {
  mkdirSync(to);
  const names = readdirSync(from).filter((name) => !CACHES.test(name));
  const paths = names.map((name) => join(from, name));
  const linked = spawnSync("cp", ["-RPl", ...paths, to], { stdio: "ignore" });
  if (linked.status !== 0) execFileSync("cp", ["-RP", ...paths, to]);
}

const namesIn = (path) => readdirSync(path).filter((name) => !name.startsWith("."));

/** Names of the packages in a `node_modules`, scoped ones included. */
function packagesIn(path) {
  return namesIn(path).flatMap((name) =>
    name.startsWith("@") ? namesIn(join(path, name)).map((part) => `${name}/${part}`) : [name],
  );
}

const isSource = (path) => !NOT_SOURCES.has(basename(path));

/** Copies the repository with the packages of the second line in the place of those of the first. */
function copyRepository(to) {
  cpSync(root, to, { recursive: true, filter: isSource });
  const packages = join(to, "node_modules");
  copyPackages(join(root, "node_modules"), packages);
  rmSync(join(packages, "@opentelemetry"), { recursive: true });
  const line = join(to, "scripts/matrix/sdk-3");
  npm(line, "ci", "--ignore-scripts");
  const installed = join(line, "node_modules");
  for (const name of packagesIn(installed)) replace(join(packages, name), join(installed, name));
  rmSync(installed, { recursive: true });
  for (const name of ["sdk-trace-base", "api-logs"])
    replace(join(packages, "@opentelemetry", name), join(line, name));
}

// Removed first: the files may be those of the repository's own packages.
function replace(target, source) {
  rmSync(target, { recursive: true, force: true });
  cpSync(source, target, { recursive: true });
}

/** Builds the package, runs the tests of folders and returns those that failed, as `file > name`. */
function failuresOf(directory, { node, folders }) {
  const env = { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) };
  execFileSync(node, ["scripts/build.mjs"], { cwd: directory, env });
  return failedTests(directory, { node, env, folders });
}

const isOf = (test, { file, name }) => test.startsWith(`${file} > ${name}`);

/** Prints which failures are known, and returns true if all are, and none of them has gone. */
function isAsKnown(failures, folders) {
  const isRun = ({ file }) =>
    folders.length === 0 || folders.some((folder) => file.includes(folder));
  const known = KNOWN_FAILURES.filter(isRun);
  const unknown = failures.filter((test) => !known.some((one) => isOf(test, one)));
  const gone = known.filter((one) => !failures.some((test) => isOf(test, one)));
  for (const { file, name, reason } of known) console.log(`known: ${file} > ${name}: ${reason}`);
  for (const test of unknown) console.error(`failed: ${test}`);
  for (const { file, name } of gone)
    console.error(`passes: ${file} > ${name}. Remove it from known-failures.mjs`);
  return unknown.length + gone.length === 0;
}

const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-line-"));
try {
  mkdirSync(join(directory, "node"));
  const [node] = installNodes(join(directory, "node"), ["24"]);
  const repository = join(directory, "repository");
  copyRepository(repository);
  const folders = process.argv.slice(2);
  const failures = failuresOf(repository, { node, folders });
  console.log(`SDK 3.x on Node ${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}`);
  if (!isAsKnown(failures, folders)) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
