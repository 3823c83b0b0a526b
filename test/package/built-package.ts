import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

// All that the build reads, what is packed beside its output, and how it is packed.
const INPUTS = [
  "LICENSE",
  "README.md",
  "docs",
  "examples",
  "package.json",
  "tsconfig.json",
  "scripts",
  "src",
  "test/package/built-package.ts",
  "test/package/compile-cache.cjs",
];

/**
 * The package as the build makes it from the present sources: a directory that can be packed. Built in a copy, so that the tests replace nothing that somebody uses; once for all test
 * files, by the hash of what goes in.
 */
export function builtPackage(): string {
  return (built ??= existingOrNewBuild());
}

let built: string | undefined;

/**
 * Arguments for Node with which an application keeps what it has compiled for the next one: half of the CPU time in which
 * one is ready.
 */
export function compileCache(): string[] {
  return ["--require", join(builtPackage(), "test/package/compile-cache.cjs")];
}

function existingOrNewBuild(): string {
  const prefix = `otel-sentry-bridge-${userInfo().uid}-`;
  const target = join(tmpdir(), prefix + hashOfInputs());
  if (existsSync(target)) return target;
  removeOldBuilds(prefix);
  const copy = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-build-"));
  try {
    for (const input of INPUTS) cpSync(join(root, input), join(copy, input), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: copy, stdio: "pipe" });
    execFileSync(process.execPath, ["scripts/manifest.mjs", "pack"], { cwd: copy });
    pack(copy);
    renameSync(copy, target);
  } catch (error) {
    // Another test file may have been faster, and has built the same.
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  return target;
}

/** Packs the package as `npm publish` does, and unpacks it, into `packed`. */
function pack(directory: string): void {
  const folder = join(directory, "packed");
  mkdirSync(folder);
  const args = ["pack", "--ignore-scripts", "--pack-destination", folder];
  execFileSync("npm", args, { cwd: directory, stdio: "pipe" });
  const command = "mv ./*.tgz otel-sentry-bridge.tgz && tar -xzf otel-sentry-bridge.tgz";
  execFileSync("sh", ["-c", command], { cwd: folder });
}

/** Builds before the first test file, so that files which run at the same time do not all build. */
export function setup(): void {
  builtPackage();
}

const OLD_MILLIS = 3_600_000;

// Each state of the sources leaves one behind.
function removeOldBuilds(prefix: string): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const path = join(tmpdir(), name);
    // Another process may have renamed or removed it.
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - changed > OLD_MILLIS) rmSync(path, { recursive: true, force: true });
  }
}

/** The files below a directory in a fixed order, or the file itself. */
export function filesIn(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

function hashOfInputs(): string {
  const hash = createHash("sha256").update(process.version);
  for (const file of INPUTS.flatMap((input) => filesIn(join(root, input)))) {
    hash.update(file).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}
