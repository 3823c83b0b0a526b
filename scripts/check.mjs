// Runs all checks, or those that are named, and prints how long each took: node scripts/check.mjs [step ...]
// Stops at the first that fails. All steps from `api` on but the tests use `dist`, which `build` writes; the tests make their
// own build. Needs the npm registry; the tests of the inbox's page need Chromium.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const packed = join(root, "node_modules/.cache/packed");

const LINE_FOLDERS = [
  "context",
  "errors",
  "frameworks",
  "isolation",
  "logs",
  "otel",
  "propagation-processes",
  "setup",
  "spans",
];

/** Names and shell commands, in the order in which they run: what is cheap first, then what fails most often. */
const STEPS = {
  build: "node scripts/build.mjs",
  types: "npm run -s typecheck",
  lint: "npm run -s lint",
  format: "npm run -s format:check",
  knip: "npm run -s knip",
  api: "node scripts/api.mjs --check",
  package: packageCommand,
  test: "vitest run --coverage",
  matrix: "node scripts/matrix/main.mjs",
  // The folders whose tests depend on the SDK; `npm run test:matrix` without arguments runs all.
  line: `node scripts/matrix/suite.mjs ${LINE_FOLDERS.map((name) => `test/${name}/`).join(" ")}`,
  corpus: "node test/corpus/main.mjs",
  site: "node site/build.mjs",
  next: "node scripts/next/main.mjs 16",
  soak: "node scripts/soak.mjs --minutes 1",
};

/** Packs the package as `npm publish` does, under the name that `lint:package` reads. */
async function packageCommand() {
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  await run(`npm pack --silent --pack-destination "${packed}"`);
  const [tarball] = readdirSync(packed);
  renameSync(join(packed, tarball), join(packed, "package.tgz"));
  return "npm run -s lint:package";
}

function run(command) {
  const path = `${join(root, "node_modules/.bin")}:${process.env.PATH}`;
  const child = spawn("sh", ["-ec", command], {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) =>
      exitCode === 0 ? resolve() : reject(new Error(`exit code ${exitCode}`)),
    );
  });
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(STEPS);
const unknown = names.find((name) => !Object.hasOwn(STEPS, name));
if (unknown !== undefined) {
  console.error(`no such step: ${unknown}. Steps: ${Object.keys(STEPS).join(", ")}`);
  process.exit(2);
}

const lines = [];
for (const name of names) {
  console.log(`\n=== ${name}`);
  const start = performance.now();
  let outcome = "passed";
  try {
    const step = STEPS[name];
    await run(typeof step === "string" ? step : await step());
  } catch (error) {
    outcome = `failed: ${error.message}`;
    process.exitCode = 1;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  lines.push(`${name.padEnd(8)} ${seconds.padStart(7)} s  ${outcome}`);
  if (process.exitCode === 1) break;
}
console.log(`\n${lines.join("\n")}`);
