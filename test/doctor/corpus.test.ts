import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { DoctorReport } from "../../src/doctor/finding.js";
import { startIngestServer } from "../../src/testing/testing.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { runs } from "../property/runs.js";

const CORPUS = join(import.meta.dirname, "corpus");
// Eleven programs: 22,000 units in a deep run.
const UNITS = runs(2000);

const PACKAGES = [
  "@fastify/otel",
  "@nestjs/common",
  "@nestjs/core",
  "@opentelemetry/api",
  "@opentelemetry/context-async-hooks",
  "@opentelemetry/core",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-express",
  "@opentelemetry/instrumentation-http",
  "@opentelemetry/instrumentation-koa",
  "@opentelemetry/sdk-trace-base",
  "async",
  "dataloader",
  "express",
  "fastify",
  "fastq",
  "koa",
  "p-limit",
  "p-queue",
  "reflect-metadata",
  "ws",
];

let app: Application;
let server: Awaited<ReturnType<typeof startIngestServer>>;

beforeAll(async () => {
  server = await startIngestServer();
  app = installApplication(PACKAGES);
  mkdirSync(join(app.directory, "corpus"));
  for (const name of readdirSync(CORPUS))
    copyFileSync(join(CORPUS, name), join(app.directory, "corpus", name));
});
afterAll(async () => {
  app.remove();
  await server.close();
});

interface Run {
  readonly exitCode: number;
  readonly report: DoctorReport;
}

async function examine(program: string, ...flags: string[]): Promise<Run> {
  const cli = join(app.packageDirectory, "dist/cli.cjs");
  const { exitCode, stdout, stderr } = await app.node(
    [cli, "doctor", "--json", ...flags, "--", process.execPath, `corpus/${program}.mjs`],
    { SENTRY_DSN: server.dsn, UNITS: String(UNITS) },
  );
  if (stdout === "") throw new Error(`no report: ${stderr}`);
  return { exitCode, report: JSON.parse(stdout) as DoctorReport };
}

function rulesOf({ findings }: DoctorReport): string[] {
  return [...new Set(findings.map(({ rule, name }) => `${rule} ${name}`))];
}

describe("the doctor finds nothing in a program of", () => {
  it.each([
    "cron",
    "dataloader",
    "express",
    "express-cache",
    "fan-out",
    "fastify",
    "koa",
    "nest",
    "queue",
    "streams",
    "websockets",
  ])("%s", async (program) => {
    const { exitCode, report } = await examine(`clean-${program}`);

    expect(report.findings).toEqual([]);
    expect(exitCode).toBe(0);
    const sent = report.facts.find(({ name }) => name === "sent")?.value ?? "";
    expect(Number.parseInt(sent, 10)).toBeGreaterThanOrEqual(UNITS);
  });
});

describe("the doctor finds the one fault, and the library that the stack names, of", () => {
  it.each([
    ["async-queue", "D1 ended-parent", "async"],
    ["callback-pool", "D1 ended-parent", undefined],
    ["emitter", "D9 orphans", undefined],
    ["express-worker", "D5 over-attribution", undefined],
    ["fastq", "D1 ended-parent", "fastq"],
    ["foreign-parent", "D3 foreign-parent", undefined],
    ["interval", "D6 long-lived-unit", undefined],
    ["never-ended", "D15 open-spans", undefined],
    ["p-queue", "D1 ended-parent", "p-queue"],
    ["staircase", "D14 staircase", undefined],
    ["websockets", "D10 default-isolation-write", "ws"],
  ])("%s", async (program, rule, library) => {
    const { report } = await examine(`fault-${program}`);

    expect(rulesOf(report)).toEqual([rule]);
    expect(report.findings[0]?.library?.name).toBe(library);
  });
});

it("the doctor finds requests of Express that wait for one promise, with `--deep`", async () => {
  const { report } = await examine("fault-express-shared", "--deep");

  expect(rulesOf(report)).toEqual(["D16 shared-work"]);
});
