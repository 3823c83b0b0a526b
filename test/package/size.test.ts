import { statSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { builtPackage, filesIn } from "./built-package.js";

// What one application loads of the package at most: one format's code, without the command line
// and its inbox. CommonJS says the same in more words.
const MAX_CODE_BYTES = { "dist/esm": 850_000, "dist/cjs": 960_000 };

// Both formats with their types, and the inbox with its page (120 kB).
const MAX_BYTES = 2_330_000;

const COMMANDS = /\/(?:cli|inbox)\//;

function bytesOf(folder: string, isCounted: (file: string) => boolean): number {
  const files = filesIn(join(builtPackage(), folder)).filter((file) => isCounted(file));
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

describe("the package", { timeout: 60_000 }, () => {
  it.each(Object.entries(MAX_CODE_BYTES))("has in %s at most %i bytes of code", (folder, max) => {
    expect(
      bytesOf(folder, (file) => file.endsWith(".js") && !COMMANDS.test(file)),
    ).toBeLessThanOrEqual(max);
  });

  it("has at most 2.33 MB of its own when it is installed", () => {
    expect(bytesOf("dist", (file) => !file.endsWith(".map"))).toBeLessThanOrEqual(MAX_BYTES);
  });
});
