import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { joined, runningIn, startsInBackground } from "../../src/doctor/examined-run.js";
import { finding } from "../../src/doctor/finding.js";
import { startOf } from "../../src/doctor/run.js";
import type { DoctorReport, Severity } from "../../src/doctor/finding.js";
import { newReport } from "../../src/doctor/report.js";

const RUN = { program: "sh", mode: "on" } as const;

function reportWith(severity?: Severity): DoctorReport {
  const texts = { name: "x", summary: "", mechanism: "", fix: "" };
  const findings = severity === undefined ? [] : [finding({ ...texts, severity })];
  return newReport({ mode: "on", command: "node app.js", facts: [], findings });
}

it.each<[readonly (Severity | undefined)[], Severity | undefined]>([
  [["warning", "error"], "error"],
  [["error", "warning"], "error"],
  [["info", "warning", undefined], "warning"],
  [[undefined, undefined], undefined],
])("the worst severity of the reports %j is %s", (severities, worst) => {
  const report = joined(severities.map(reportWith), RUN);

  expect(report.worst).toBe(worst);
  expect(report.others.map((each) => each.worst)).toEqual(severities.slice(1));
});

it("a report has causes before what they lead to, of the same severity", () => {
  const texts = { summary: "", mechanism: "", fix: "" };
  const findings = [
    finding({ ...texts, rule: "D18", name: "lost-send-error", count: 90 }),
    finding({ ...texts, rule: "D18", name: "final-loss" }),
    finding({ ...texts, rule: "D10", name: "default-isolation-write", count: 50 }),
    finding({ ...texts, rule: "D18", name: "server-unreachable" }),
    finding({ ...texts, name: "set-up", severity: "warning" }),
    finding({ ...texts, name: "loaded-too-late" }),
  ];
  const report = newReport({ mode: "on", command: "node app.js", facts: [], findings });

  expect(report.findings.map(({ name }) => name)).toEqual([
    "loaded-too-late",
    "default-isolation-write",
    "server-unreachable",
    "lost-send-error",
    "final-loss",
    "set-up",
  ]);
});

it("a run without any report is an error", () => {
  const report = joined([], RUN);

  expect(report.worst).toBe("error");
  expect(report.findings.map(({ name }) => name)).toEqual(["no-report"]);
});

it.each([
  ["otel-sentry-bridge doctor -- node app.js", false],
  ["npm run build && otel-sentry-bridge doctor -- node app.js > log 2>&1", false],
  ["otel-sentry-bridge doctor -- node app.js &> log", false],
  ["otel-sentry-bridge doctor -- node app.js |& tee log", false],
  ["otel-sentry-bridge doctor -- node app.js 'a&b' \"c & d\" e\\&f", false],
  ["otel-sentry-bridge doctor -- node app.js &", true],
  ["otel-sentry-bridge doctor -- node app.js& echo started", true],
  ["(otel-sentry-bridge doctor -- node app.js > log 2>&1 &)", true],
])("the script %j leaves a command in the background: %s", (script, expected) => {
  expect(startsInBackground(script)).toBe(expected);
});

it("a process that was killed is not one that has its id now", () => {
  const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const note = (pid: number, start: string): void =>
    writeFileSync(join(directory, `${pid}.running`), start);

  note(process.pid, startOf(process.pid));
  note(process.ppid, "1");

  expect(runningIn(directory)).toEqual([process.pid]);
  expect(startOf(process.pid)).not.toBe("1");
});
