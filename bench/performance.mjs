// Builds the package, runs the benches of docs/performance.md and writes their tables into it:
//   node bench/performance.mjs [--only NAME,NAME] [--rounds N] [--page FILE]
// `--rounds` replaces the rounds of each bench; `--page` writes a copy of the page instead. For figures to keep, use a machine that
// does nothing else; `npm ci --prefix bench/peers` installs the peers. Takes about 20 minutes.
// Exits with 1 if a goal is missed, or a bench has a reason not to trust its figures.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { exampleTable } from "./harness/examples.mjs";
import { currentCommit, markdown, replaced, withConditions } from "./harness/page.mjs";

const BENCHES = {
  "span-cost": ["--subjects", "floor,otlp,otlp-protobuf,bridge,bridge-thread"],
  // Sentry's SDKs have HTTP clients and instrumentations of their own, so the `app` workload would not be the same.
  "span-cost-sentry": [
    "--subjects",
    "floor,otlp,bridge,sentry-10,sentry-11",
    "--workloads",
    "repeat,real",
    "--modes",
    "saturated",
    "--requests",
    "300",
  ],
  "span-cost-options": [
    "--subjects",
    "floor,otlp,bridge,bridge-hooks,bridge-spool",
    "--workloads",
    "repeat,single",
    "--modes",
    "saturated",
  ],
  "unsent-spans": [],
  scopes: [],
  segments: [],
  flush: [],
  errors: [],
  import: [],
  load: [],
};
const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));
const DOC = pathOf("../docs/performance.md");

const { values } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string" }, page: { type: "string" } },
});
const names = values.only?.split(",") ?? Object.keys(BENCHES);
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(
    `no such bench: ${unknown.join(", ")}. Benches: ${Object.keys(BENCHES).join(", ")}`,
  );
  process.exit(2);
}
const page = values.page ?? DOC;
if (values.page !== undefined) copyFileSync(DOC, values.page);

const write = (change) => writeFileSync(page, change(readFileSync(page, "utf8")));

function run(name, json) {
  const program = name.startsWith("span-cost") ? "span-cost" : name;
  // The bench under load is as long as its seconds say.
  const rounds = values.rounds === undefined || name === "load" ? [] : ["--rounds", values.rounds];
  const args = [pathOf(`${program}.mjs`), ...BENCHES[name], ...rounds, "--json", json];
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  if (status !== 0) process.exitCode = 1;
  return JSON.parse(readFileSync(json, "utf8")).tables;
}

// What is missing in the page is found before the first bench rather than after the last.
for (const name of [...names, "conditions", "examples"])
  replaced(readFileSync(page, "utf8"), name, "");

const commit = currentCommit();
const { status } = spawnSync(process.execPath, [pathOf("../scripts/build.mjs")], {
  stdio: "inherit",
});
if (status !== 0) process.exit(1);

const directory = mkdtempSync(join(tmpdir(), "bench-"));
const results = {};
try {
  for (const name of names) {
    results[name] = run(name, join(directory, `${name}.json`));
    write((text) => withConditions(replaced(text, name, markdown(results[name], commit)), commit));
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
const [spanCost, unsentSpans] = [results["span-cost"], results["unsent-spans"]];
if (spanCost !== undefined && unsentSpans !== undefined) {
  const examples = markdown([exampleTable(spanCost, unsentSpans)], commit);
  write((text) => withConditions(replaced(text, "examples", examples), commit));
}
