import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import type { DoctorReport } from "../../src/doctor/finding.js";
import { reportLines } from "../../src/doctor/report-text.js";
import { textWidth } from "../../src/support/terminal-text.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { runs } from "../property/runs.js";
import { examineDirectly, examinedInGroups, exitCodesOf } from "./examined.js";

const FIXTURES = join(import.meta.dirname, "fixtures");

const PACKAGES = [
  "@opentelemetry/api",
  "@opentelemetry/context-async-hooks",
  "@opentelemetry/core",
  "@opentelemetry/instrumentation-express",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-trace-base",
  "express",
];

// Runs a queued job when the one before has ended, and so in the context of that one.
const QUEUE = `
  exports.createQueue = (limit) => {
    const waiting = [];
    let running = 0;
    const next = () => {
      running -= 1;
      waiting.shift()?.();
    };
    return {
      add: (job) =>
        new Promise((resolve) => {
          const run = () => {
            running += 1;
            job().then(resolve).finally(next);
          };
          if (running < limit) run();
          else waiting.push(run);
        }),
    };
  };`;

// A client with an instrumentation: the innermost library in the stack of its spans.
const CLIENT = `
  exports.query = (tracer) =>
    tracer.startActiveSpan("job", async (span) => {
      await new Promise((resolve) => setImmediate(resolve));
      span.end();
    });`;

let app: Application;

beforeAll(() => {
  app = installApplication(PACKAGES);
  for (const name of readdirSync(FIXTURES))
    copyFileSync(join(FIXTURES, name), join(app.directory, name));
  installLibrary("job-queue", QUEUE);
  installLibrary("sql-client", CLIENT);
});
afterAll(() => app.remove());

function installLibrary(name: string, text: string): void {
  const directory = join(app.directory, "node_modules", name);
  mkdirSync(directory);
  writeFileSync(join(directory, "package.json"), JSON.stringify({ name, version: "4.2.0" }));
  writeFileSync(join(directory, "index.js"), text);
}

// Linked for one test only: the doctor names it wherever it is installed.
function installSentry(): void {
  const link = join(app.directory, "node_modules/@sentry/node");
  mkdirSync(join(link, ".."), { recursive: true });
  symlinkSync(join(import.meta.dirname, "../../node_modules/@sentry/node"), link);
  onTestFinished(() => rmSync(link));
}

// Each finding as "rule name severity", in the order of the report.
function found({ findings }: DoctorReport): string[] {
  return findings.map(({ rule, name, severity }) => `${rule} ${name} ${severity}`);
}

const ERRORS: Readonly<Record<string, readonly string[]>> = {
  "ended-parent.mjs": ["D1 ended-parent error"],
  "callback-pool.mjs": ["D1 ended-parent error"],
  "dead-unit-write.mjs": ["D2 dead-unit-write error"],
  "foreign-parent.mjs": ["D3 foreign-parent error"],
  "server-in-span.mjs": ["D6 long-lived-unit error"],
  "no-context-manager.mjs": ["D7 no-context-manager error"],
  "no-processor.mjs": ["D7 not-traced error"],
  "no-processor-at-all.mjs": ["D7 no-processor error"],
  "propagator-order.mjs": ["D7 propagator-order error"],
  "loaded-too-late.cjs": ["D7 loaded-too-late error"],
  "outside-write.mjs": ["D10 default-isolation-write error"],
  "write-conflict.mjs": ["D12 write-conflict error"],
  "staircase.mjs": ["D14 staircase error"],
  "open-spans.mjs": ["D15 open-spans error"],
  "lost-events.mjs": ["D18 final-loss error"],
  // What else is missing is said as well.
  "no-client.mjs": ["D7 no-processor error", "D7 no-dsn error"],
  // Although an error was captured.
  "errors-without-processor.mjs": ["D7 no-processor error"],
};

const WARNINGS: Readonly<Record<string, readonly string[]>> = {
  "timer-in-request.mjs": ["D6 long-lived-unit warning"],
  "no-provider.mjs": ["D7 not-traced warning"],
  "no-propagator.mjs": ["D7 no-propagator warning"],
  "refused-value.mjs": ["D7 refused-value warning"],
  "untraced-http.mjs": ["D7 http-not-traced warning"],
  "orphans.mjs": ["D9 orphans warning"],
  "shared-isolation.mjs": ["D11 shared-isolation warning"],
  "late-captures.mjs": ["D13 foreign-capture warning"],
  "unfinished-child.mjs": ["D15 open-spans warning"],
  "swallowed-errors.mjs": ["D19 swallowed-errors warning"],
  "mixed-identity.mjs": ["D20 mixed-identity warning"],
};

const examinedError = examinedInGroups(() => app, Object.keys(ERRORS));
const examinedWarning = examinedInGroups(() => app, Object.keys(WARNINGS));

function expectReadable(report: DoctorReport): void {
  expect(reportLines(report).filter((line) => textWidth(line) > 80)).toEqual([]);
  expect(report.findings.filter(({ fix }) => fix === "")).toEqual([]);
}

describe("the doctor runs an application, and fires exactly the rule of", () => {
  it.each(Object.entries(ERRORS))("%s", async (program, expected) => {
    const { report } = await examinedError(program);

    expect(found(report)).toEqual(expected);
    expectReadable(report);
  });

  it.each(Object.entries(WARNINGS))("%s", async (program, expected) => {
    const { report } = await examinedWarning(program);

    expect(found(report)).toEqual(expected);
    expectReadable(report);
  });

  it("an error with exit code 1, and of a warning with exit code 3", async () => {
    expect(await exitCodesOf(examinedError, Object.keys(ERRORS))).toEqual([1]);
    expect(await exitCodesOf(examinedWarning, Object.keys(WARNINGS))).toEqual([3]);
  });
});

describe("a finding of the doctor", () => {
  it("names the library by the stack, with its version, the call site and two spans", async () => {
    const { report } = await examinedError("ended-parent.mjs");

    const [late] = report.findings;
    expect(late?.library).toEqual({ name: "job-queue", version: "4.2.0" });
    const [job, parent] = late?.evidence ?? [];
    expect(job).toMatchObject({ kind: "span", name: "job" });
    expect(job?.at).toMatch(/^ended-parent\.mjs:\d+:\d+$/);
    expect(parent).toMatchObject({ kind: "span", name: "GET /orders" });
    expect(job?.startMillis).toBeGreaterThan(parent?.endMillis ?? Infinity);
  });
});

it("a value that Sentry would refuse is named with the call that has set it", async () => {
  const [refused] = (await examinedWarning("refused-value.mjs")).report.findings;

  expect(refused?.evidence).toMatchObject([{ kind: "call", name: "set tag order.note" }]);
  expect(refused?.evidence[0]?.at).toMatch(/^refused-value\.mjs:\d+:\d+, from kit\.mjs:/);
});

const examinedRight = examinedInGroups(
  () => app,
  ["inner-requests.mjs", "errors-only.mjs", "clean.mjs"],
  () => ({ env: { QUANTITY: String(runs(10_000)) } }),
);

describe("an application in which everything is right", () => {
  it("may make requests to its own process within a request", async () => {
    expect(found((await examinedRight("inner-requests.mjs")).report)).toEqual([]);
  });

  it("may capture errors and send check-ins only", async () => {
    expect(found((await examinedRight("errors-only.mjs")).report)).toEqual([]);
  });

  it("may use Sentry's own SDK for what this package does not do", async () => {
    installSentry();
    const installed = "D7 sentry-sdk-installed info";
    const loaded = "D7 sentry-sdk-loaded warning";
    const once = await examineDirectly(app, ["beside-sentry.mjs"]);
    const twice = await examineDirectly(app, ["beside-sentry.mjs"], { TWICE: "1" });

    expect(found(once)).toEqual([installed]);
    expect(found(twice)).toEqual([loaded, installed]);
  });

  it("fires nothing over thousands of units, and keeps its exit code", async () => {
    const { exitCode, report } = await examinedRight("clean.mjs");

    expect(found(report)).toEqual([]);
    expect(exitCode).toBe(0);
    expect(report.mode).toBe("on");
  });
});
