import { rolldown } from "rolldown";
import { parseAst } from "rolldown/parseAst";

import { visit } from "./visit.mjs";

// `src/support/own-file.ts` knows the package's own code by this name.
const SHARED_CHUNK = "otel-sentry-bridge";

const COMMON = {
  platform: "node",
  external: (id) => !id.startsWith(".") && !id.startsWith("/"),
  onLog(level, { message }) {
    if (level === "warn") throw new Error(message);
  },
};

// Names stay as they are written, for stack traces and debuggers.
const COMMON_OUTPUT = {
  strict: true,
  esModule: true,
  comments: false,
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  minifyInternalExports: false,
};

const LISTS = new Set(["Program", "BlockStatement", "ClassBody", "StaticBlock"]);

/**
 * Bundles entries to CommonJS modules. What `index` reaches is one chunk, which the other entries share: its state is there
 * once. Returns the files by name, and what each entry exports.
 */
export async function bundle(entries) {
  const isShared = (id) => id === entries.index || id.includes("rolldown/runtime");
  const chunks = await chunksOf(entries, {
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name].cjs",
    // `require` tries again where it has failed; Node's loader keeps an `import()` that has failed.
    dynamicImportInCjs: false,
    codeSplitting: { groups: [{ name: SHARED_CHUNK, test: isShared }] },
  });
  const files = chunks.map(({ fileName, code }) => [fileName, withLines(code)]);
  const exported = chunks
    .filter(({ isEntry }) => isEntry)
    .map((chunk) => [chunk.name, chunk.exports]);
  return { files, exported: Object.fromEntries(exported) };
}

/** Bundles one entry without the others, to one file of each format. */
export async function bundleAlone(name, entry) {
  const formats = [
    ["esm", `${name}.js`],
    ["cjs", `${name}.cjs`],
  ];
  return Promise.all(
    formats.map(async ([format, file]) => {
      const [{ code }] = await chunksOf({ [name]: entry }, { format });
      return [file, withLines(code)];
    }),
  );
}

async function chunksOf(input, output) {
  const build = await rolldown({ ...COMMON, input });
  const { output: chunks } = await build.generate({ ...COMMON_OUTPUT, ...output });
  await build.close();
  return chunks;
}

/**
 * Puts each statement and each member of a class on a line of its own: a stack trace names the line, and Node prints the
 * one from which an uncaught error was thrown.
 */
function withLines(code) {
  const starts = new Set();
  visit(parseAst(code), (node) => {
    if (LISTS.has(node.type)) node.body.forEach(({ start }) => starts.add(start));
  });
  starts.delete(0);
  let text = "";
  let at = 0;
  for (const start of [...starts].toSorted((a, b) => a - b)) {
    text += `${code.slice(at, start)}\n`;
    at = start;
  }
  return `${text}${code.slice(at).trimEnd()}\n`;
}
