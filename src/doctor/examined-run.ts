import { spawn } from "node:child_process";
import type { StdioOptions } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { processEnvironment } from "../options/env.js";
import type { Environment } from "../options/env.js";
import { attempt } from "../support/foreign.js";
import { finding, ranked } from "./finding.js";
import type { DoctorMode, DoctorReport, Finding, RunReport } from "./finding.js";
import { newReport } from "./report.js";
import { MODE_VARIABLE, REPORTS_VARIABLE, RUNNING } from "./run.js";
import type { ProcessReport } from "./run.js";

/** A command that runs the application. */
interface RunRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly mode: DoctorMode;
  /** True if the application's output goes to standard output, false if to standard error. */
  readonly isOutputKept: boolean;
}

/** The result of a run. */
interface ExaminedRun {
  readonly exitCode: number;
  /**
   * The reports of the processes that use OpenTelemetry or this package, the last to end first; if there is none, that of
   * any process.
   */
  readonly reports: readonly DoctorReport[];
  /** Why the program could not be started. */
  readonly failure: string | undefined;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const SIGNALLED = 128;

/** Runs an application with the rules on. Resolves when it has ended. */
export async function examineRun(request: RunRequest): Promise<ExaminedRun> {
  const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-doctor-"));
  try {
    const ended = await runToEnd(request, directory);
    return { ...ended, reports: reportsIn(directory) };
  } finally {
    attempt(() => rmSync(directory, { recursive: true, force: true }), undefined);
  }
}

// By NODE_OPTIONS, so that the command may be `npm start`, too, and so that processes that it starts report as well.
function environmentFor({ mode }: RunRequest, directory: string): Environment {
  const env = processEnvironment();
  const entry = pathToFileURL(join(import.meta.dirname, "doctor.js")).href;
  const options = [env["NODE_OPTIONS"], `--import=${entry}`].filter((each) => each !== undefined);
  return {
    ...env,
    NODE_OPTIONS: options.join(" "),
    [MODE_VARIABLE]: mode,
    [REPORTS_VARIABLE]: directory,
  };
}

type RunEnd = Pick<ExaminedRun, "exitCode" | "failure">;

function runToEnd(request: RunRequest, directory: string): Promise<RunEnd> {
  const { program, args, isOutputKept } = request;
  const env = environmentFor(request, directory);
  const ask = (): void => askForReports(directory);
  return new Promise((resolve) => {
    const stdio: StdioOptions = isOutputKept ? "inherit" : ["inherit", 2, "inherit"];
    const child = spawn(program, args, { stdio, env: { ...env } });
    // Ctrl-C in a terminal reaches the application by itself; a second SIGINT would cut its end short.
    const pass = (signal: NodeJS.Signals): void => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    for (const name of SIGNALS) process.on(name, pass);
    attempt(() => process.on("SIGUSR2", ask), undefined);
    const end = (result: RunEnd): void => {
      for (const name of SIGNALS) process.off(name, pass);
      process.off("SIGUSR2", ask);
      resolve(result);
    };
    child.once("error", (error) => end({ exitCode: 1, failure: error.message }));
    child.once("exit", (code, signal) =>
      end({ exitCode: code ?? SIGNALLED + signalNumber(signal), failure: undefined }),
    );
  });
}

// Only processes that listen: the signal would end a shell.
function askForReports(directory: string): void {
  const running = readdirSync(directory).filter((name) => name.endsWith(RUNNING));
  for (const name of running)
    attempt(() => process.kill(Number.parseInt(name, 10), "SIGUSR2"), false);
}

// As shells report a process that a signal has ended.
function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}

/** Puts the reports of a run together. Without any, the fault is that no process has reported. */
export function joined(
  [report, ...others]: readonly DoctorReport[],
  { program, mode }: Pick<RunRequest, "mode" | "program">,
): RunReport {
  if (report === undefined) {
    const findings = [noReport()];
    return { ...newReport({ mode, command: program, facts: [], findings }), others };
  }
  const worst = ranked([report, ...others].flatMap(({ findings }) => findings))[0]?.severity;
  return { ...report, worst, others };
}

function noReport(): Finding {
  return finding({
    name: "no-report",
    summary: "No process has reported, so nothing was examined.",
    mechanism: "No Node.js program was started, NODE_OPTIONS did not reach it, or it was killed.",
    fix: "Pass the command that runs the application; end it by SIGTERM at most:",
    code: "otel-sentry-bridge doctor -- node app.js",
  });
}

function reportsIn(directory: string): DoctorReport[] {
  const reports = readdirSync(directory).flatMap((name) => {
    const text = attempt(() => readFileSync(join(directory, name), "utf8"), "");
    const report = attempt(() => JSON.parse(text) as ProcessReport, undefined);
    return report === undefined ? [] : [report];
  });
  reports.sort((a, b) => b.report.atMillis - a.report.atMillis);
  const relevant = reports.filter(({ isRelevant }) => isRelevant);
  const chosen = relevant.length > 0 ? relevant : reports.slice(0, 1);
  return chosen.map(({ report }) => report);
}
