// Runs the benches and writes their tables into docs/performance.md: node bench/performance.mjs [--only NAME,NAME]
// Build first, on a machine that does nothing else; `npm ci --prefix bench/peers` installs the peers. Takes half an hour.
// Exits with 1 if a bench missed a mark.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

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
const DOC = new URL("../docs/performance.md", import.meta.url);

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

function run(name, json) {
  const program = name.startsWith("span-cost") ? "span-cost" : name;
  const file = new URL(`${program}.mjs`, import.meta.url).pathname;
  // The bench under load is as long as its seconds say.
  const rounds = values.rounds === undefined || name === "load" ? [] : ["--rounds", values.rounds];
  const args = [file, ...BENCHES[name], ...rounds, "--json", json];
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return { ...JSON.parse(readFileSync(json, "utf8")), status };
}

const cell = (value) => String(value ?? "").replaceAll("|", String.raw`\|`);
const line = (cells) => `| ${cells.map(cell).join(" | ")} |`;

function markdown({ node, tables }) {
  return tables
    .map(({ title, rows, load }) => {
      const heads = Object.keys(rows[0]);
      const lines = rows.map((row) => line(heads.map((head) => row[head])));
      return `${title} (Node ${node}, load ${load})\n\n${line(heads)}\n${line(heads.map(() => "---"))}\n${lines.join("\n")}`;
    })
    .join("\n\n");
}

function replaced(text, name, content) {
  const [start, end] = [`<!-- bench: ${name} -->`, "<!-- end -->"];
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(end, from);
  if (from < start.length || to < 0) throw new Error(`the page has no markers for ${name}`);
  return `${text.slice(0, from)}\n\n${content}\n\n${text.slice(to)}`;
}

// Found missing before the first bench rather than after the last.
for (const name of names) replaced(readFileSync(page, "utf8"), name, "");

const directory = mkdtempSync(join(tmpdir(), "bench-"));
try {
  for (const name of names) {
    const result = run(name, join(directory, `${name}.json`));
    writeFileSync(page, replaced(readFileSync(page, "utf8"), name, markdown(result)));
    if (result.status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
