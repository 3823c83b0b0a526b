import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { SDK_VERSION } from "../../src/version.js";
import { installApplication } from "./application.js";
import type { Application } from "./application.js";

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

let app: Application;
let manifest: Manifest;

beforeAll(() => {
  app = installApplication(["@opentelemetry/api"]);
  manifest = JSON.parse(
    readFileSync(join(app.packageDirectory, "package.json"), "utf8"),
  ) as Manifest;
});
afterAll(() => app.remove());

// What a consumer writes, in both module formats.
const ENTRIES = ["otel-sentry-bridge", "otel-sentry-bridge/testing", "otel-sentry-bridge/register"];

describe("the package", () => {
  it.each(ENTRIES)("can be imported and required as %s, with the same names", async (entry) => {
    app.write(
      "import.mjs",
      `import * as names from "${entry}"; console.log(JSON.stringify(namesOf(names)));${NAMES_OF}`,
    );
    app.write(
      "require.cjs",
      `console.log(JSON.stringify(namesOf(require("${entry}"))));${NAMES_OF}`,
    );

    const [imported, required] = await Promise.all([
      app.node(["import.mjs"]),
      app.node(["require.cjs"]),
    ]);

    expect([imported.exitCode, required.exitCode]).toEqual([0, 0]);
    expect(required.stdout).toBe(imported.stdout);
  });

  it("has every file that its exports name, the types among them", () => {
    const files = filesNamedIn(manifest.exports);

    expect(files.filter((file) => file.endsWith(".d.ts")).length).toBeGreaterThanOrEqual(
      ENTRIES.length,
    );
    expect(files.filter((file) => !existsSync(join(app.packageDirectory, file)))).toEqual([]);
  });

  it("sends its own version to Sentry", () => {
    expect(SDK_VERSION).toBe(manifest.version);
  });

  it("has a command that Node can be started with", async () => {
    const main = manifest.bin["otel-sentry-bridge"] ?? "";

    const text = readFileSync(join(app.packageDirectory, main), "utf8");
    const end = await app.node([join("node_modules/otel-sentry-bridge", main), "--version"]);

    expect(text.split("\n")[0]).toBe("#!/usr/bin/env node");
    expect(end).toEqual({ exitCode: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });
});

const NAMES_OF = `
  function namesOf(exported) {
    return Object.keys(exported).filter((name) => name !== "default" && name !== "module.exports" && name !== "__esModule").sort();
  }`;

function filesNamedIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null
    ? Object.values(value).flatMap(filesNamedIn)
    : [];
}
