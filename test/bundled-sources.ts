import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { rolldown } from "rolldown";
import type { Plugin } from "rolldown";
import type { Vite } from "vitest/node";

const ROOT = join(import.meta.dirname, "..");
const SOURCES = join(ROOT, "src");

// A name that is ignored by git, the lint and the formatter. `src/support/own-file.ts` knows the package's own code by the
// name of the file.
const DIRECTORY = join(ROOT, `dist.${process.pid}.tests`);
const BUNDLE = join(DIRECTORY, "otel-sentry-bridge.cjs");

// Runs the bundle anew each time that it is loaded itself. Node would compile it each time; a script keeps what it has compiled, down
// to its functions.
const LOADER = join(DIRECTORY, "load.cjs");
const LOAD = `const { readFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const { Script, constants } = require("node:vm");
const file = ${JSON.stringify(BUNDLE)};
const script = (globalThis.bundledSources ??= new Script(wrap(readFileSync(file, "utf8")), {
  filename: file,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}));
script.runInThisContext()(module.exports, createRequire(file), module, file, __dirname);
`;

// These run when they are loaded, or belong to another runtime, and stay modules of their own.
const ALONE =
  /^(?:register\.ts|cli\/main\.ts|inbox\/page\/.*|inert\/.*|delivery\/thread\/sender-thread\.ts)$/;

const ENTRY = "all-sources";
const SUFFIX = "?bundled";

// Timers of the sources, and not those of the packages that they share a process with, can be cleared by `fresh-state.ts`.
const NOTED_TIMERS = `"use strict";
const noted = (timer) => (globalThis.timersOfSources?.add(new WeakRef(timer)), timer);
const setTimeout = (...given) => noted(globalThis.setTimeout(...given));
`;

/** The names that each source exports. */
type ExportedNames = ReadonlyMap<string, readonly string[]>;

let bundled: Promise<ExportedNames> | undefined;

/**
 * Serves `src/` to test files as one CommonJS file, which Node loads itself. Each process or thread of test files loads the
 * sources anew. As separate modules they take it 0.3 s of CPU time more than as
 * this file, as one module that Vitest loads 0.1 s more. Does nothing in watch mode, because it would not see changes.
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
      if (isWatching || importer === undefined || !source.startsWith(".")) return undefined;
      const file = resolve(dirname(importer), source.replace(/\.js$/, ".ts"));
      return isBundled(file) && !isInside(importer) ? file + SUFFIX : undefined;
    },
    async load(id) {
      if (!id.endsWith(SUFFIX)) return undefined;
      bundled ??= bundle();
      const file = id.slice(0, -SUFFIX.length);
      const names = ((await bundled).get(file) ?? []).join(", ");
      return `import { createRequire } from "node:module";
const bundle = createRequire(import.meta.url)(${JSON.stringify(LOADER)});
export const { ${names} } = bundle.${keyOf(file)};
`;
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
async function bundle(): Promise<ExportedNames> {
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
  const { output } = await build.generate({ format: "cjs", strict: true, codeSplitting: false });
  await build.close();
  mkdirSync(DIRECTORY);
  process.once("exit", () => rmSync(DIRECTORY, { recursive: true }));
  writeFileSync(BUNDLE, NOTED_TIMERS + output[0].code);
  writeFileSync(LOADER, LOAD);
  return exported;
}

function keyOf(file: string): string {
  return relative(SOURCES, file).replaceAll(/\W/g, "_");
}
