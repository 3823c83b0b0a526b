import { readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { rolldown } from "rolldown";
import type { OutputChunk, Plugin } from "rolldown";
import type { Vite } from "vitest/node";

interface Bundled {
  readonly chunk: OutputChunk;
  /** The names that each source exports. */
  readonly exported: ReadonlyMap<string, readonly string[]>;
}

const SOURCES = join(import.meta.dirname, "../src");

// `src/support/own-file.ts` knows the package's own code by this name.
const BUNDLE = join(SOURCES, "otel-sentry-bridge.cjs");

// These run when they are loaded, or belong to another runtime, and stay modules of their own.
const ALONE =
  /^(?:register\.ts|cli\/main\.ts|inbox\/page\/.*|inert\/.*|delivery\/thread\/sender-thread\.ts)$/;

const ENTRY = "all-sources";
const SUFFIX = "?bundled";

let bundled: Promise<Bundled> | undefined;

/**
 * Serves `src/` to test files as one module. A test file with a process or thread of its own loads the sources anew, and 330
 * modules take it 0.3 s of CPU time more than one. Does nothing in watch mode, because it would not see changes.
 */
export function bundledSources(): Vite.Plugin {
  let isWatching = false;
  return {
    name: "bundled-sources",
    enforce: "pre",
    configResolved({ test }) {
      isWatching = test?.watch === true;
    },
    resolveId(source, importer) {
      if (source === BUNDLE) return BUNDLE;
      if (isWatching || importer === undefined || !source.startsWith(".")) return undefined;
      const file = resolve(dirname(importer), source.replace(/\.js$/, ".ts"));
      return isBundled(file) && !isInside(importer) ? file + SUFFIX : undefined;
    },
    async load(id) {
      if (id !== BUNDLE && !id.endsWith(SUFFIX)) return undefined;
      bundled ??= bundle();
      const { chunk, exported } = await bundled;
      if (id === BUNDLE) return { code: chunk.code, map: chunk.map };
      const file = id.slice(0, -SUFFIX.length);
      const key = keyOf(file);
      const names = (exported.get(file) ?? []).join(", ");
      return `import { ${key} } from ${JSON.stringify(BUNDLE)};\nexport const { ${names} } = ${key};\n`;
    },
  };
}

function isInside(file: string): boolean {
  return !relative(SOURCES, file).startsWith("..");
}

function isBundled(file: string): boolean {
  return isInside(file) && file.endsWith(".ts") && !ALONE.test(relative(SOURCES, file));
}

// Each source is an export, under its key.
async function bundle(): Promise<Bundled> {
  const names = readdirSync(SOURCES, { recursive: true, encoding: "utf8" });
  const files = names.map((name) => join(SOURCES, name)).filter(isBundled);
  const entry = files.map((file) => `export * as ${keyOf(file)} from ${JSON.stringify(file)};`);
  const exported = new Map<string, readonly string[]>();
  const plugin: Plugin = {
    name: ENTRY,
    resolveId: (id) => (id === ENTRY ? id : undefined),
    load: (id) => (id === ENTRY ? entry.join("\n") : undefined),
    transform: (code, id) => ({
      code: code.replaceAll("import.meta.dirname", JSON.stringify(dirname(id))),
      map: null,
    }),
    moduleParsed: ({ id, exports }) => void exported.set(id, exports),
  };
  const external = (id: string): boolean => id !== ENTRY && !/^[./]/.test(id);
  const build = await rolldown({ input: ENTRY, platform: "node", external, plugins: [plugin] });
  const { output } = await build.generate({ format: "esm", sourcemap: true, codeSplitting: false });
  await build.close();
  return { chunk: output[0], exported };
}

function keyOf(file: string): string {
  return relative(SOURCES, file).replaceAll(/\W/g, "_");
}
