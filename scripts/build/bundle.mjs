import { fileURLToPath } from "node:url";

import { rolldown } from "rolldown";

import { API_GUARD } from "./api-guard.mjs";
import * as builtins from "./builtins.mjs";
import { ModuleChunks, withLateChunks } from "./chunks.mjs";
import { rewriteOf, rewritten } from "./output.mjs";

const COMMON = {
  platform: "node",
  external: (id) => !id.startsWith(".") && !id.startsWith("/"),
  plugins: [
    { name: "plain-exports", renderChunk: withPlainExports },
    { name: "plain-calls", renderChunk: withPlainCalls },
    { name: "late-chunks", renderChunk: withLateChunks },
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
  generatedCode: { symbols: false },
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
 * Bundles entries to CommonJS modules. The other entries share the chunks of what `index` reaches: their state is there
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

function sharedChunks(entries, output = {}) {
  const modules = new ModuleChunks();
  const chunkOptions = {
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name].cjs",
    // `require` tries again where it has failed; Node's loader keeps an `import()` that has failed.
    dynamicImportInCjs: false,
    intro: ({ name }) => (name === "cli" ? API_GUARD : ""),
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ debugName: "chunks", name: (id) => modules.nameOf(id) }],
    },
    ...output,
  };
  // An entry that is bundled alone calls few of them, and would become longer.
  return chunksOf(entries, chunkOptions, {
    transform: { inject: INJECTED },
    plugins: [modules.plugin],
  });
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

async function chunksOf(input, output, { plugins = [], transform = {} } = {}) {
  const exported = new Set();
  const collected = {
    name: "exported-names",
    moduleParsed: ({ exports, isEntry }) => {
      if (isEntry) exports.forEach((name) => exported.add(name));
    },
  };
  const build = await rolldown({
    ...COMMON,
    plugins: [...COMMON.plugins, ...plugins, collected],
    transform,
    input,
    preserveEntrySignatures: "allow-extension",
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
  /^Object\.defineProperty\(exports, [`"']([\w$]+)[`"'], \{\s+enumerable: true,\s+get: function \(\) \{\s+return ([\w$.]+);\s+\}\s+\}\);$/gm;
const ASSIGNED = /^exports\.([\w$]+) = ([\w$.]+);$/gm;
const MARKER = /^Object\.defineProperty\(exports, [`"']__esModule[`"'], \{ value: true \}\);$/m;
const OTHER_EXPORT = /^(?:Object\.\w+\()?(?:module\.)?exports\b.*$/m;

// Getters would serve exports that change; none of ours does (the lint forbids it), and all stand at the end of their chunk.
// Node's lexer and bundlers read the names of an entry from the text of the object, if its values are variables.
function withPlainExports(code, { isEntry }) {
  const exported = [GETTER, ASSIGNED].flatMap((statement) => [...code.matchAll(statement)]);
  if (exported.length === 0) return null;
  const rest = [GETTER, ASSIGNED, MARKER].reduce((left, each) => left.replace(each, ""), code);
  const other = OTHER_EXPORT.exec(rest);
  if (other !== null) throw new Error(`an export of another form would be lost: ${other[0]}`);
  const read = exported.filter(([, , value]) => isEntry && value.includes("."));
  const variables = read.map(([, name, value]) => `const exported_${name} = ${value};`);
  const members = exported.map((each) =>
    read.includes(each) ? `${each[1]}: exported_${each[1]}` : `${each[1]}: ${each[2]}`,
  );
  const object = `module.exports = { ${members.join(", ")} }`;
  const statement = MARKER.test(code)
    ? `Object.defineProperty(${object}, "__esModule", { value: true })`
    : object;
  return { code: `${rest}\n${variables.join("\n")}\n${statement};\n`, map: null };
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
