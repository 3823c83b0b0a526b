import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";

import { describe, expect, it } from "vitest";

import { filesIn } from "../package/built-package.js";

const src = join(import.meta.dirname, "../../src");

/** Ways to change what is active for code that one has not called. */
const FORBIDDEN = [/\.enterWith\(/u, /\bcontext\.attach\(/u, /\.attach\(/u];

describe("the sources", () => {
  it("enter contexts only by running a function in them", async () => {
    const files = filesIn(src);
    const found = await Promise.all(
      files.map(async (file) => faultsIn(relative(src, file), await readFile(file, "utf8"))),
    );
    expect(files.length).toBeGreaterThan(50);
    expect(found.flat()).toEqual([]);
  });

  it("keep no current scope in an async storage of their own", async () => {
    const files = filesIn(src);
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
    expect(
      files.filter((_file, index) =>
        /new AsyncLocalStorage\b|async_hooks/u.test(texts[index] ?? ""),
      ),
    ).toEqual([]);
  });
});

function faultsIn(file: string, text: string): string[] {
  return FORBIDDEN.filter((pattern) => pattern.test(text)).map(
    (pattern) => `${file}: ${pattern.source}`,
  );
}
