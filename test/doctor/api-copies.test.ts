import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect, it } from "vitest";

import { checkPackages } from "../../src/doctor/package-checks.js";
import { directoryWith } from "./installed-kit.js";

it.each([
  ["1.9.1", "1.10.0", ["info"]],
  ["1.8.0", "1.9.1", []],
  ["1.10.0", "1.9.1", []],
])(
  "in a run with API %s, a copy %s that was not loaded is reported: %j",
  (version, nested, expected) => {
    const directory = directoryWith({
      "@opentelemetry/api": { version },
      "@opentelemetry/sdk-trace-base": { version: "2.12.1" },
      "other/node_modules/@opentelemetry/api": { version: nested },
    });

    const { findings } = checkPackages(directory, join(directory, "app.mjs"));

    const copies = findings.filter(({ name }) => name === "api-copies");
    expect(copies.map(({ severity }) => severity)).toEqual(expected);
  },
);

// Node does not list those that are loaded.
it("in a run, a newer copy that was loaded as an ES module is an error", async () => {
  const nested = "other/node_modules/@opentelemetry/api";
  const directory = directoryWith({
    "@opentelemetry/api": { version: "1.9.1" },
    "@opentelemetry/sdk-trace-base": { version: "2.12.1" },
    [nested]: { version: "1.10.0" },
  });
  const folder = join(directory, "node_modules", nested, "build/esm");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.mjs"), "export const version = 1;\n");
  await import(pathToFileURL(join(folder, "index.mjs")).href);

  const { findings } = checkPackages(directory, join(directory, "app.mjs"));

  expect(findings).toMatchObject([{ name: "api-copies", severity: "error" }]);
});

it("without a run, a newer copy is a warning: the application may not load it", () => {
  const directory = directoryWith({
    "@opentelemetry/api": { version: "1.9.1" },
    "@opentelemetry/sdk-trace-base": { version: "2.12.1" },
    "other/node_modules/@opentelemetry/api": { version: "1.10.0" },
  });

  const { findings } = checkPackages(directory);

  expect(findings).toMatchObject([{ name: "api-copies", severity: "warning" }]);
});
