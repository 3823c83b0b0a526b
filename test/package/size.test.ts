import { readFileSync } from "node:fs";
import { relative } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { packedPackage } from "../docs/packed-package.js";
import { installApplication } from "./application.js";
import type { Application } from "./application.js";
import { filesIn } from "./built-package.js";

// docs/RATIONALE.md says what is in it, and what a smaller package would cost.
const MAX_BYTES = 700_000;
const MAX_FILES = 31;
const MAX_LINE_CHARACTERS = 3000;

let app: Application;
const packed = packedPackage();

beforeAll(() => {
  app = installApplication(["@opentelemetry/api"]);
});
afterAll(() => app.remove());

/** Number of the package's own files that a CommonJS program has loaded. */
async function loadedBy(statement: string): Promise<number> {
  app.write(
    "loaded.cjs",
    `${statement}.then(() => console.log(Object.keys(require.cache).filter((file) => file.includes("otel-sentry-bridge/dist")).length));`,
  );
  const { stdout, stderr } = await app.node(["loaded.cjs"]);
  expect(stderr).toBe("");
  return Number(stdout);
}

describe("the packed package", () => {
  it(`has at most ${MAX_BYTES / 1000} kB in at most ${MAX_FILES} files`, () => {
    const files = filesIn(packed.directory);
    const sizes = files.map((file) => readFileSync(file).byteLength);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MAX_BYTES);
    expect(sizes.length).toBeLessThanOrEqual(MAX_FILES);
  });

  it("has lines that a terminal can show", () => {
    const long = filesIn(packed.directory)
      .filter((file) => /\.c?js$/.test(file))
      .filter((file) =>
        readFileSync(file, "utf8")
          .split("\n")
          .some((line) => line.length > MAX_LINE_CHARACTERS),
      );
    expect(long.map((file) => relative(packed.directory, file))).toEqual([]);
  });
});

describe("the main entry", () => {
  it("loads three files of the package by `require`, and the same three by `import`", async () => {
    expect(await loadedBy(`Promise.resolve(require("otel-sentry-bridge"))`)).toBe(3);
    expect(await loadedBy(`import("otel-sentry-bridge")`)).toBe(3);
  });
});
