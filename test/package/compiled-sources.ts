import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as esbuild from "esbuild";

const root = join(import.meta.dirname, "../..");

/**
 * Compiles some sources, named by their paths below `src/`, and what they import to one module, `sources.js`, for processes that
 * use a part of the package without a test runner: they start faster than with a module for each source. Returns the directory,
 * which the caller removes.
 */
export async function compiledSources(paths: readonly string[]): Promise<string> {
  const cache = join(root, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, "sources-"));
  await esbuild.build({
    stdin: {
      contents: paths.map((path) => `export * from "./${path}";`).join("\n"),
      resolveDir: join(root, "src"),
    },
    outfile: join(directory, "sources.js"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  });
  await writeFile(join(directory, "package.json"), '{ "type": "module" }');
  return directory;
}
