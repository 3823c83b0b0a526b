import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as esbuild from "esbuild";

const root = join(import.meta.dirname, "../..");

/**
 * Compiles each source to a module of its own, for processes that use a part of the package without a test runner. Returns
 * the directory, which the caller removes. It lies below `node_modules`, so that the copy finds the installed packages.
 */
export async function compiledSources(): Promise<string> {
  const cache = join(root, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, "sources-"));
  await esbuild.build({
    entryPoints: [join(root, "src/**/*.ts")],
    outbase: join(root, "src"),
    outdir: directory,
    format: "esm",
    target: "node20",
    logLevel: "error",
  });
  await writeFile(join(directory, "package.json"), '{ "type": "module" }');
  return directory;
}
