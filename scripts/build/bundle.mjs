import { fileURLToPath } from "node:url";

import { rolldown } from "rolldown";

import { API_GUARD } from "./api-guard.mjs";
import * as builtins from "./builtins.mjs";
import { sourceFile } from "./entries.mjs";
import { rewriteOf, rewritten } from "./output.mjs";

// `src/support/own-file.ts` knows the package's own code by this name.
const SHARED_CHUNK = "otel-sentry-bridge";
const SENDING_CHUNK = "sending";

const COMMON = {
  platform: "node",
  external: (id) => !id.startsWith(".") && !id.startsWith("/"),
  plugins: [
    { name: "plain-exports", renderChunk: withPlainExports },
    { name: "plain-calls", renderChunk: withPlainCalls },
    { name: "named-classes", renderChunk: withNamedClasses },
  ],
  onLog(level, { message }) {
    if (level === "warn") throw new Error(message);
  },
};

// Stack traces, profiles and debuggers show the names of classes. Public functions get theirs back later (`functionNames`).
const KEPT_NAMES = { function: false, class: true };
const MINIFY = {
  compress: { target: "es2023", keepNames: KEPT_NAMES },
  mangle: { toplevel: true, keepNames: KEPT_NAMES },
  codegen: { removeWhitespace: true },
};

const COMMON_OUTPUT = {
  strict: true,
  esModule: true,
  comments: false,
  minifyInternalExports: true,
};

// These may have names for constants, which the compiler would otherwise have in place.
const SELDOM_RUN = new Set(["cli.cjs", "run.cjs"]);

const BUILTINS = fileURLToPath(new URL("builtins.mjs", import.meta.url));

const OWNERS = ["Array", "JSON", "Math", "Number", "Object", "Reflect"];

/** `Object.entries` and so on become imports from `builtins.mjs`. */
const INJECTED = Object.fromEntries(
  Object.entries(builtins).map(([name, builtin]) => {
    const owner = OWNERS.find((each) => globalThis[each][name] === builtin);
    return [`${owner}.${name}`, [BUILTINS, name]];
  }),
);

/**
 * Bundles entries to CommonJS modules. What `index` reaches is two chunks, which the other entries share: their state is there
 * once. Returns the files by name, and what each entry exports.
 */
export async function bundle(entries) {
  const chunks = await sharedChunks(entries);
  const files = chunks.map(({ fileName, code, rewrite }) => [fileName, rewritten(code, rewrite)]);
  const exported = chunks
    .filter(({ isEntry }) => isEntry)
    .map((chunk) => [chunk.name, chunk.exports]);
  return { files, exported: Object.fromEntries(exported) };
}

/** Returns the chunks of `bundle` by file name: minified code, the rewrite that follows, and the source map of the code. */
export async function bundleMaps(entries) {
  const chunks = await sharedChunks(entries, { sourcemap: "hidden" });
  return new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
}

// The sender thread loads only what it needs: all of the implementation would take it 50 ms more.
const isSending = (id) => id === sourceFile("delivery/thread/sending-worker.ts");

function sharedChunks(entries, output = {}) {
  const isShared = (id) => id === entries.index;
  const chunkOptions = {
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name].cjs",
    // `require` tries again where it has failed; Node's loader keeps an `import()` that has failed.
    dynamicImportInCjs: false,
    intro: ({ name }) => (name === "cli" ? API_GUARD : ""),
    codeSplitting: {
      groups: [
        { name: SENDING_CHUNK, test: isSending, priority: 2 },
        { name: SHARED_CHUNK, test: isShared, priority: 1 },
      ],
    },
    ...output,
  };
  // An entry that is bundled alone calls few of them, and would become longer.
  return chunksOf(entries, chunkOptions, { inject: INJECTED });
}

/** Bundles one entry without the others, to one file of each format. */
export async function bundleAlone(name, entry) {
  const formats = [
    ["esm", `${name}.js`],
    ["cjs", `${name}.cjs`],
  ];
  return Promise.all(
    formats.map(async ([format, file]) => {
      const [{ code, rewrite }, ...others] = await chunksOf({ [name]: entry }, { format });
      if (others.length > 0) throw new Error(`${name} is not one file: ${others[0].fileName}`);
      return [file, rewritten(code, rewrite)];
    }),
  );
}

async function chunksOf(input, output, transform = {}) {
  const exported = new Set();
  const collected = {
    name: "exported-names",
    moduleParsed: ({ exports, isEntry }) => {
      if (isEntry) exports.forEach((name) => exported.add(name));
    },
  };
  const build = await rolldown({
    ...COMMON,
    plugins: [...COMMON.plugins, collected],
    transform,
    input,
  });
  const generate = async (minify) => {
    const made = await build.generate({ ...COMMON_OUTPUT, ...output, minify });
    return made.output.filter(({ type }) => type === "chunk");
  };
  const plain = new Map((await generate(false)).map(({ fileName, code }) => [fileName, code]));
  const chunks = await generate(MINIFY);
  await build.close();
  return chunks.map(({ fileName, code, name, isEntry, exports, map }) => {
    const isSeldomRun = SELDOM_RUN.has(fileName);
    const rewrite = rewriteOf(code, { code: plain.get(fileName), exported, isSeldomRun });
    return { fileName, name, isEntry, exports, map, code, rewrite };
  });
}

const GETTER =
  /^Object\.defineProperty\(exports, [`"']([\w$]+)[`"'], \{\s+enumerable: true,\s+get: function \(\) \{\s+return ([\w$]+);\s+\}\s+\}\);$/gm;

// Getters would serve exports that change; none of ours does (the lint forbids it), and all stand at the end of their chunk.
// Only entries are read by Node's lexer and by bundlers, which look for `exports.name`; for chunks, an object is shorter.
function withPlainExports(code, { isEntry }) {
  if (isEntry) return { code: code.replaceAll(GETTER, "exports.$1 = $2;"), map: null };
  const members = [...code.matchAll(GETTER)].map(([, name, value]) => `${name}: ${value}`);
  return {
    code: `${code.replaceAll(GETTER, "")}\nmodule.exports = { ${members.join(", ")} };\n`,
    map: null,
  };
}

const IMPORTED_CALL = /\(0, ([\w$]+\.[\w$]+)\)\(/g;

// The bundler keeps `this` from functions that are imported. None of Node's or OpenTelemetry's uses it.
function withPlainCalls(code) {
  return { code: code.replaceAll(IMPORTED_CALL, "$1("), map: null };
}

const ANONYMOUS_CLASS = /^var ([\w$]+) = class (?=extends |\{)/gm;

// The minifier shortens the name of a variable, but not a class's own: `var a=class Segment{}` and `a` where it is used.
function withNamedClasses(code) {
  return { code: code.replaceAll(ANONYMOUS_CLASS, "var $1 = class $1 "), map: null };
}
