import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { DoctorReport } from "../../src/doctor/finding.js";
import { startIngestServer } from "../../src/testing/testing.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { examineCommand, examinedInGroups, exitCodesOf } from "./examined.js";
import type { DoctorOptions } from "./examined.js";
import { IS_DEEP } from "../property/runs.js";

const CORPUS = join(import.meta.dirname, "corpus");
// More than a program serves at a time; for those without faults also twice what the rules need to judge a name. A deep run has
// 44,000 units.
const FAULTY_UNITS = IS_DEEP ? 2000 : 60;
const CLEAN_UNITS = IS_DEEP ? 2000 : 100;

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

function rulesOf({ findings }: DoctorReport): string[] {
  return [...new Set(findings.map(({ rule, name }) => `${rule} ${name}`))];
}

const serving = (units: number): DoctorOptions => ({
  env: { SENTRY_DSN: server.dsn, UNITS: String(units) },
});

const CLEAN = [
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
];

const CLEAN_PROGRAMS = CLEAN.map((name) => `corpus/clean-${name}.mjs`);

const examinedClean = examinedInGroups(
  () => app,
  CLEAN_PROGRAMS,
  () => serving(CLEAN_UNITS),
);

describe("the doctor finds nothing in a program of", () => {
  it.each(CLEAN)("%s", async (program) => {
    const { report } = await examinedClean(`corpus/clean-${program}.mjs`);

    expect(report.findings).toEqual([]);
    const sent = report.facts.find(({ name }) => name === "sent")?.value ?? "";
    expect(Number.parseInt(sent, 10)).toBeGreaterThanOrEqual(CLEAN_UNITS);
  });

  it("any of these kinds, with exit code 0", async () => {
    expect(await exitCodesOf(examinedClean, CLEAN_PROGRAMS)).toEqual([0]);
  });
});

const FAULTS: readonly [program: string, rule: string, library: string | undefined][] = [
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
];

const examinedFault = examinedInGroups(
  () => app,
  FAULTS.map(([name]) => `corpus/fault-${name}.mjs`),
  () => serving(FAULTY_UNITS),
);

describe("the doctor finds the one fault, and the library that the stack names, of", () => {
  it.each(FAULTS)("%s", async (program, rule, library) => {
    const { report } = await examinedFault(`corpus/fault-${program}.mjs`);

    expect(rulesOf(report)).toEqual([rule]);
    expect(report.findings[0]?.library?.name).toBe(library);
  });
});

it("the doctor finds requests of Express that wait for one promise, with `--deep`", async () => {
  const { report } = await examineCommand(app, "node corpus/fault-express-shared.mjs", {
    flags: ["--deep"],
    ...serving(2 * CLEAN_UNITS),
  });

  expect(rulesOf(report)).toEqual(["D16 shared-work"]);
});
