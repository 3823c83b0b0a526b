import { join } from "node:path";

import { expect, it } from "vitest";

import { checkPackages } from "../../src/doctor/package-checks.js";
import { directoryWith } from "./installed-kit.js";

// From 1.10 on the API has ES modules.
it.each([
  ["1.9.1", "1.10.0", ["warning"]],
  ["1.8.0", "1.9.1", []],
  ["1.10.0", "1.9.1", []],
])(
  "in a run with API %s, a copy %s that Node does not list as loaded is reported: %j",
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
