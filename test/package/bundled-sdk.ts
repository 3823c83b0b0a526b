import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";

import { buildSync } from "esbuild";

const PACKAGES = ["api", "context-async-hooks", "sdk-trace-base"].map(
  (name) => `@opentelemetry/${name}`,
);

const INSTALLED = join(import.meta.dirname, "../../node_modules");
const CACHE = join(INSTALLED, ".cache");

function versionOf(name: string): string {
  const manifest = readFileSync(join(INSTALLED, name, "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** A hash of this file, which has the options of the build. */
function ownHash(): string {
  return createHash("sha256")
    .update(readFileSync(import.meta.filename))
    .digest("hex")
    .slice(0, 8);
}

/**
 * The tracing SDK and its API as one CommonJS file, for processes that are started for a test: as the modules that are installed,
 * each of them takes 0.2 s of CPU time more. Made once for each version of them and of this file. With `compile-cache.cjs`, the
 * built package has its API from there.
 */
export function bundledSdk(): string {
  const key = [...PACKAGES.map(versionOf), ownHash()].join("-");
  const file = join(CACHE, `tracing-sdk-${key}.cjs`);
  if (existsSync(file)) return file;
  mkdirSync(CACHE, { recursive: true });
  const written = `${file}.${process.pid}.cjs`;
  buildSync({
    stdin: {
      contents: PACKAGES.map((name) => `export * from "${name}";`).join("\n"),
      resolveDir: import.meta.dirname,
    },
    outfile: written,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    logLevel: "error",
  });
  renameSync(written, file);
  return file;
}
