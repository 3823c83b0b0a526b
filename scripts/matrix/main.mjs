// Runs a smoke test of the packed package on each supported Node, with both lines of OpenTelemetry's SDK, as ESM and as CommonJS:
// `npm run matrix`. Prints a table; `--write` puts it into docs/compatibility.md. Exits with 1 if a combination fails.
// Linux on x64 installs the versions of Node from the npm registry; elsewhere only the Node that runs this is tried.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { installNodes, npm } from "./nodes.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = import.meta.dirname;
const PAGE = join(root, "docs/compatibility.md");

const NODES = ["20.19", "22", "24", "26"];
const LINES = [
  {
    line: "2.x",
    sdk: "@opentelemetry/sdk-trace-base",
    packages: [
      "@opentelemetry/sdk-trace-base@2",
      "@opentelemetry/api@1.9",
      "@opentelemetry/context-async-hooks@2",
    ],
    isFor: () => true,
  },
  {
    line: "3.x",
    sdk: "@opentelemetry/sdk-trace",
    packages: [
      "@opentelemetry/sdk-trace@3",
      "@opentelemetry/api@1.10",
      "@opentelemetry/context-async-hooks@3",
    ],
    // Its `engines` field.
    isFor: ([major, minor]) => major > 22 || (major === 22 && minor >= 15),
  },
];
const FORMATS = { ESM: "smoke-esm.mjs", CommonJS: "smoke-cjs.cjs" };

function installLine(directory, { packages }, tarball) {
  mkdirSync(directory);
  writeFileSync(join(directory, "package.json"), JSON.stringify({ name: "smoke", private: true }));
  npm(directory, "install", tarball, ...packages);
  for (const file of ["smoke.cjs", ...Object.values(FORMATS)])
    cpSync(join(here, file), join(directory, file));
}

const versionOf = (directory, name) =>
  JSON.parse(readFileSync(join(directory, "node_modules", name, "package.json"), "utf8")).version;

function runSmoke(node, directory, { sdk, file }) {
  const env = { PATH: process.env.PATH, SDK: sdk };
  const { stdout, stderr, status } = spawnSync(node, [file], {
    cwd: directory,
    env,
    encoding: "utf8",
    timeout: 60_000,
  });
  try {
    return JSON.parse(stdout).fault ?? (stderr === "" ? undefined : stderr);
  } catch {
    return `exit code ${status}: ${stdout}${stderr}`;
  }
}

function combinations(directory, nodes) {
  const [{ filename }] = JSON.parse(
    npm(root, "pack", "--ignore-scripts", "--json", "--pack-destination", directory),
  );
  return LINES.flatMap((line) => {
    const application = join(directory, `sdk-${line.line}`);
    installLine(application, line, join(directory, filename));
    const versions = `SDK ${versionOf(application, line.sdk)}, API ${versionOf(application, "@opentelemetry/api")}`;
    return nodes.flatMap((node) => {
      const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim().slice(1);
      const isFor = line.isFor(version.split(".").map(Number));
      return Object.entries(FORMATS).map(([format, file]) => {
        const fault = isFor ? runSmoke(node, application, { sdk: line.sdk, file }) : undefined;
        const outcome = fault ?? (isFor ? "works" : "the SDK needs a newer Node");
        const isFailure = fault !== undefined;
        return { node: version, line: line.line, versions, format, outcome, isFailure };
      });
    });
  });
}

function markdown(results) {
  const columns = ["node", "versions", "format", "outcome"];
  const rows = results.map((result) => `| ${columns.map((name) => result[name]).join(" | ")} |`);
  return ["| Node | OpenTelemetry | format | |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

const START = "<!-- matrix -->";
const END = "<!-- end -->";

const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-matrix-"));
try {
  const results = combinations(directory, installNodes(directory, NODES));
  console.table(results);
  const failed = results.filter(({ isFailure }) => isFailure);
  if (failed.length > 0) process.exitCode = 1;
  else if (process.argv.includes("--write")) {
    const page = readFileSync(PAGE, "utf8");
    const [before, rest] = page.split(START);
    const after = rest.slice(rest.indexOf(END));
    writeFileSync(PAGE, `${before}${START}\n\n${markdown(results)}\n\n${after}`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
