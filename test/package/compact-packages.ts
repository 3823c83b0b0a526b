import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { buildSync } from "esbuild";

const INSTALLED = join(import.meta.dirname, "../../node_modules");
const CACHE = join(INSTALLED, ".cache");
const LOCK = join(INSTALLED, "../package-lock.json");

const NAMES = [
  "context-async-hooks",
  "core",
  "exporter-trace-otlp-http",
  "instrumentation",
  "instrumentation-aws-lambda",
  "instrumentation-express",
  "instrumentation-http",
  "instrumentation-koa",
  "instrumentation-pg",
  "instrumentation-undici",
  "resources",
  "sdk-logs",
  "sdk-metrics",
  "sdk-node",
  "sdk-trace",
  "sdk-trace-base",
].map((name) => `@opentelemetry/${name}`);

// Other packages have to find the same API. The loader hook and the instrumentations find each other by a file.
const EXTERNAL = [
  "@opentelemetry/api",
  "@opentelemetry/api-logs",
  "@opentelemetry/semantic-conventions",
  "import-in-the-middle",
];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports?: unknown;
}

function manifestOf(name: string): Manifest | undefined {
  const file = join(INSTALLED, name, "package.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Manifest) : undefined;
}

// Packages with `exports` may have ES modules for Node; one file cannot stand for both.
function isCompactable(manifest: Manifest | undefined): manifest is Manifest {
  return manifest !== undefined && manifest.exports === undefined;
}

let compact: ReadonlyMap<string, string> | undefined;

/**
 * Packages of OpenTelemetry with one file each, by name, for applications that are started for a test: the modules of the
 * SDK as it is published cost each start 0.05 s of CPU time more, those of `sdk-node` 0.33 s. Made once for each
 * version of them and of this file. They find all other packages in `node_modules`.
 */
export function compactPackages(): ReadonlyMap<string, string> {
  return (compact ??= existingOrNew());
}

function existingOrNew(): ReadonlyMap<string, string> {
  const manifests = NAMES.map(manifestOf).filter(isCompactable);
  const hash = createHash("sha256");
  for (const file of [import.meta.filename, LOCK]) hash.update(readFileSync(file));
  for (const { name, version } of manifests) hash.update(`${name}@${version} `);
  const directory = join(CACHE, `compact-packages-${hash.digest("hex").slice(0, 16)}`);
  if (manifests.length > 0 && !existsSync(directory)) makeAll(manifests, directory);
  return new Map(manifests.map(({ name }) => [name, join(directory, "node_modules", name)]));
}

function makeAll(manifests: readonly Manifest[], directory: string): void {
  const made = `${directory}.${process.pid}`;
  const exported = exportedNames(manifests.map(({ name }) => name));
  for (const manifest of manifests) {
    const target = join(made, "node_modules", manifest.name);
    bundle(manifest.name, join(target, BUNDLE));
    writeFileSync(join(target, "index.js"), entryWith(exported[manifest.name] ?? []));
    const text = JSON.stringify({ ...manifest, main: "index.js", module: undefined });
    writeFileSync(join(target, "package.json"), text);
  }
  const hook = "node_modules/@opentelemetry/instrumentation/hook.mjs";
  if (existsSync(join(made, hook, ".."))) cpSync(join(INSTALLED, "..", hook), join(made, hook));
  try {
    renameSync(made, directory);
  } catch (error) {
    // Another test file may have been faster, and has made the same.
    rmSync(made, { recursive: true });
    if (!existsSync(directory)) throw error;
  }
}

const BUNDLE = "bundle.js";

// The last line names for Node what an ES module may import: it would look for it in all of the bundle, which takes as long as to load it.
function entryWith(names: readonly string[]): string {
  return `const bundle = require("./${BUNDLE}");
module.exports = bundle;
0 && (module.exports = { ${names.join(", ")} });
`;
}

function bundle(name: string, outfile: string): void {
  buildSync({
    stdin: {
      contents: `module.exports = require("${name}");`,
      resolveDir: import.meta.dirname,
    },
    outfile,
    bundle: true,
    external: [...EXTERNAL, ...NAMES.filter((other) => other !== name)],
    format: "cjs",
    platform: "node",
    target: "node20",
    logLevel: "error",
  });
  writeFileSync(outfile, withConstants(readFileSync(outfile, "utf8")));
}

const CONVENTIONS = "@opentelemetry/semantic-conventions";

// Loading a thousand constants takes each process 0.02 s.
function withConstants(code: string): string {
  const constants = createRequire(import.meta.url)(CONVENTIONS) as Record<string, unknown>;
  const isText = (name: string): boolean => typeof constants[name] === "string";
  const names = [...code.matchAll(/\bsemantic_conventions_1\.(\w+)/g)].map(([, name = ""]) => name);
  if (!names.every(isText)) return code;
  return code
    .replaceAll(`var semantic_conventions_1 = require("${CONVENTIONS}");`, "")
    .replaceAll(/\bsemantic_conventions_1\.(\w+)/g, (_, name: string) =>
      JSON.stringify(constants[name]),
    );
}

/** Returns what each package exports. Loads them in another process, since some start something. */
function exportedNames(packages: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const script = `
    const named = ${JSON.stringify(packages)}.map((name) => [name, Object.keys(require(name))]);
    console.log(JSON.stringify(Object.fromEntries(named)));`;
  const output = execFileSync(process.execPath, ["-e", script], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  return JSON.parse(output) as Record<string, readonly string[]>;
}
