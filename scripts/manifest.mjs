// Packs package.json without what only the repository needs: `npm pack` and `npm publish` run `pack` before and `restore` after.
// npm reads the manifest again in between. If packing was interrupted, run `node scripts/manifest.mjs restore`.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const manifest = fileURLToPath(new URL("../package.json", import.meta.url));
// Ignored by git, like all of this name, and not packed.
const saved = fileURLToPath(new URL("../dist.package.json", import.meta.url));

function pack() {
  // If packing was interrupted before, the present manifest is the packed one.
  if (existsSync(saved)) restore();
  const text = readFileSync(manifest, "utf8");
  const { scripts: _scripts, devDependencies: _dev, overrides: _, ...packed } = JSON.parse(text);
  writeFileSync(saved, text);
  writeFileSync(manifest, `${JSON.stringify(packed, null, 2)}\n`);
}

function restore() {
  renameSync(saved, manifest);
}

const COMMANDS = { pack, restore };
COMMANDS[process.argv[2]]();
