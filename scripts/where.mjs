// Prints the source position of positions in the built package, as stack traces name them. The package has no source map; the
// build makes the same files again, so run this on the sources of the version in question:
// npm run where -- otel-sentry-bridge.cjs:1584:67 [file:line:column ...]
import { SourceMap } from "node:module";
import { join, relative } from "node:path";

import { bundleMaps } from "./build/bundle.mjs";
import { ENTRIES } from "./build/entries.mjs";
import { offsetBefore, rewritten } from "./build/output.mjs";

const root = join(import.meta.dirname, "..");
const chunks = await bundleMaps(ENTRIES);
const NOTHING = "nothing of the sources stands there";

for (const position of process.argv.slice(2)) console.log(`${position}  ${sourceOf(position)}`);

function sourceOf(position) {
  const [, file, line, column] = /([^/\\]+):(\d+):(\d+)\)?$/.exec(position) ?? [];
  const chunk = chunks.get(file);
  if (chunk === undefined)
    return `no file of the package; write FILE:LINE:COLUMN, where FILE is one of ${[...chunks.keys()].join(", ")}`;
  const { code, rewrite, map } = chunk;
  const lines = rewritten(code, rewrite).split("\n");
  if (Number(column) > (lines[Number(line) - 1]?.length ?? 0)) return NOTHING;
  const offset = lines
    .slice(0, Number(line) - 1)
    .reduce((sum, text) => sum + text.length + 1, Number(column) - 1);
  const before = code.slice(0, offsetBefore(code, rewrite, offset)).split("\n");
  const found = new SourceMap(map).findEntry(before.length - 1, before.at(-1).length);
  if (found.originalSource === undefined) return NOTHING;
  const source = relative(root, join(root, "dist", found.originalSource));
  return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`;
}
