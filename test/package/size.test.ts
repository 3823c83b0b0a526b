import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { packedPackage } from "../docs/packed-package.js";
import { installApplication } from "./application.js";
import type { Application } from "./application.js";
import { filesIn } from "./built-package.js";

// docs/RATIONALE.md says what is in it, and what a smaller package would cost.
const MAX_BYTES = 700_000;
const MAX_FILES = 33;
const MAX_IMPORTED_BYTES = 110_000;
const MAX_LINE_CHARACTERS = 3000;

let app: Application;
const packed = packedPackage();

beforeAll(() => {
  app = installApplication(["@opentelemetry/api"]);
});
afterAll(() => app.remove());

/** The package's own files that a CommonJS program has loaded. */
async function loadedBy(statement: string): Promise<string[]> {
  app.write(
    "loaded.cjs",
    `${statement}.then(() => console.log(JSON.stringify(Object.keys(require.cache).filter((file) => file.includes("otel-sentry-bridge/dist")))));`,
  );
  const { stdout, stderr } = await app.node(["loaded.cjs"]);
  expect(stderr).toBe("");
  return JSON.parse(stdout) as string[];
}

const sizeOf = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + statSync(file).size, 0);

describe("the packed package", () => {
  it(`has at most ${MAX_BYTES / 1000} kB in at most ${MAX_FILES} files`, () => {
    const files = filesIn(packed.directory);
    expect(sizeOf(files)).toBeLessThanOrEqual(MAX_BYTES);
    expect(files.length).toBeLessThanOrEqual(MAX_FILES);
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
    const required = await loadedBy(`Promise.resolve(require("otel-sentry-bridge"))`);
    expect(required).toHaveLength(3);
    expect(await loadedBy(`import("otel-sentry-bridge")`)).toEqual(required);
  });

  it(`has at most ${MAX_IMPORTED_BYTES / 1000} kB, and loads the rest with the first client`, async () => {
    const withoutClient = `import("otel-sentry-bridge").then(({ getTraceHeaders, setUser, withIsolationScope }) =>
      withIsolationScope(() => {
        setUser({ id: "anna" });
        getTraceHeaders();
      }),
    )`;
    const imported = await loadedBy(withoutClient);
    expect(sizeOf(imported)).toBeLessThan(MAX_IMPORTED_BYTES);
    const used = await loadedBy(
      `import("otel-sentry-bridge").then(({ createClient }) => createClient({ dsn: false }))`,
    );
    expect(used).toEqual(expect.arrayContaining(imported));
    expect(sizeOf(used)).toBeGreaterThan(3 * MAX_IMPORTED_BYTES);
  });
});
