import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const SPECIFIER = /(?:from\s*|import\(|import\s+)"(\.[^"]+)\.js"/g;

/** Deletes the declarations that no entry leads to: nobody can import what they describe. */
export function keepReachableTypes(folder, entries) {
  const reached = new Set();
  const reach = (file) => {
    if (reached.has(file) || !existsSync(file)) return;
    reached.add(file);
    for (const [, specifier] of readFileSync(file, "utf8").matchAll(SPECIFIER)) {
      reach(normalize(join(dirname(file), `${specifier}.d.ts`)));
    }
  };
  for (const entry of entries) reach(normalize(join(folder, `${entry}.d.ts`)));
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = normalize(join(folder, name));
    if (file.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
  }
}
