// Packs package.json without what only the repository needs: `npm pack` and `npm publish` run `pack` before and `restore` after.
// npm reads the manifest again in between. If packing was interrupted, run `node scripts/manifest.mjs restore`.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const manifest = fileURLToPath(new URL("../package.json", import.meta.url));
// Ignored by git, like all of this name, and not packed.
const saved = fileURLToPath(new URL("../dist.package.json", import.meta.url));

function packedOf(text) {
  const { scripts: _scripts, devDependencies: _dev, overrides: _, ...packed } = JSON.parse(text);
  return `${JSON.stringify(packed, null, 2)}\n`;
}

function pack() {
  // Packing was interrupted before.
  if (existsSync(saved)) restore();
  const text = readFileSync(manifest, "utf8");
  const packed = packedOf(text);
  writeFileSync(saved, text);
  writeFileSync(manifest, packed);
}

/** Puts the saved manifest back. Throws if the present one has been edited, so that no edit is lost. */
function restore() {
  if (!existsSync(saved)) return;
  const [text, present] = [saved, manifest].map((path) => readFileSync(path, "utf8"));
  if (present === text) rmSync(saved);
  else if (present === packedOf(text)) renameSync(saved, manifest);
  else throw new Error(EDITED);
}

const EDITED = `package.json was edited after packing was interrupted, so that it is not replaced.
dist.package.json is the manifest from before packing. If package.json has its scripts, delete dist.package.json.
Otherwise make the edits in dist.package.json and replace package.json with it. Then run the command again.`;

const COMMANDS = { pack, restore };
try {
  COMMANDS[process.argv[2]]();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
