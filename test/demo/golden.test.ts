import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";

const INSTALLED = [
  "@electric-sql/pglite",
  "@electric-sql/pglite-socket",
  "@fastify/otel",
  "@opentelemetry/api",
  "@opentelemetry/exporter-trace-otlp-http",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-express",
  "@opentelemetry/instrumentation-http",
  "@opentelemetry/instrumentation-pg",
  "@opentelemetry/instrumentation-undici",
  "@opentelemetry/sdk-node",
  "@opentelemetry/sdk-trace-base",
  "express",
  "fastify",
  "pg",
];

const run = promisify(execFile);
const shop = join(import.meta.dirname, "../../examples/shop");
const golden = join(import.meta.dirname, "golden");
const found = mkdtempSync(join(tmpdir(), "shop-golden-"));

let app: Application;
let report = "";

// The demo runs as a user's program does: on the built package, in processes of its own.
beforeAll(async () => {
  app = installApplication(INSTALLED);
  cpSync(shop, join(app.directory, "shop"), { recursive: true });
  const args = ["shop/main.mjs", "--requests", "20", "--golden", found];
  ({ stdout: report } = await run(process.execPath, args, {
    cwd: app.directory,
    env: plainEnv(),
  }));
  if (process.env["UPDATE_GOLDEN"] === "1") cpSync(found, golden, { recursive: true });
});

afterAll(() => {
  app.remove();
  rmSync(found, { recursive: true });
});

describe("the shop demo", () => {
  it.each(["gateway", "inventory", "job"])(
    "sends the %s transaction of its golden file",
    (name: string) => {
      expect(read(found, name)).toEqual(read(golden, name));
    },
  );

  it("passes all of its own checks", () => {
    expect(report).not.toContain("FAIL");
  });

  it("fits into 100 columns", () => {
    const widths = report.split("\n").map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(100);
  });
});

function read(folder: string, name: string): unknown {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}

// What a developer's shell sets must not reach the services.
function plainEnv(): NodeJS.ProcessEnv {
  const telemetry = /^(?:SENTRY_|OTEL_|NODE_OPTIONS)/u;
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !telemetry.test(key)));
}
