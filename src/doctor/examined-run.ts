import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { processEnvironment, textIn } from "../options/env.js";
import type { Environment } from "../options/env.js";
import { attempt } from "../support/foreign.js";
import { finding, ranked } from "./finding.js";
import type { DoctorMode, DoctorReport, Finding, RunReport } from "./finding.js";
import { newReport } from "./report.js";
import { MODE_VARIABLE, REPORTS_VARIABLE, RUNNING, SIGNALLED, startOf } from "./run.js";
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
const BY_SIGNAL = 128;

/** Runs an application with the rules on. Resolves when it has ended. */
export async function examineRun(request: RunRequest): Promise<ExaminedRun> {
  const directory = reportsDirectory();
  try {
    const ended = await runToEnd(request, directory);
    return { ...ended, reports: directory === undefined ? [] : reportsIn(directory) };
  } finally {
    if (directory !== undefined)
      attempt(() => rmSync(directory, { recursive: true, force: true }), undefined);
  }
}

// Where neither can be written, each process reports to standard error.
function reportsDirectory(): string | undefined {
  return newDirectoryIn(tmpdir()) ?? newDirectoryIn(process.cwd());
}

function newDirectoryIn(parent: string): string | undefined {
  return attempt(() => mkdtempSync(join(parent, "otel-sentry-bridge-doctor-")), undefined);
}

// By NODE_OPTIONS, so that the command may be `npm start`, too, and so that processes that it starts report as well.
function environmentFor({ mode }: RunRequest, directory: string | undefined): Environment {
  const env = processEnvironment();
  // First, and by --require, which comes before all that --import loads: the set-up may be either.
  const entry = quoted(join(import.meta.dirname, "doctor-preload.cjs"));
  const options = [`--require=${entry}`, env["NODE_OPTIONS"]].filter((each) => each !== undefined);
  return {
    ...env,
    NODE_OPTIONS: options.join(" "),
    [MODE_VARIABLE]: mode,
    ...(directory === undefined ? {} : { [REPORTS_VARIABLE]: directory }),
  };
}

function quoted(path: string): string {
  return /["\\\s]/.test(path) ? JSON.stringify(path) : path;
}

type RunEnd = Pick<ExaminedRun, "exitCode" | "failure">;

async function runToEnd(request: RunRequest, directory: string | undefined): Promise<RunEnd> {
  const { program, args, isOutputKept } = request;
  const env = environmentFor(request, directory);
  const ask = (): void => signalRunning(directory, "SIGUSR2");
  const stdio: StdioOptions = isOutputKept ? "inherit" : ["inherit", 2, "inherit"];
  const child = spawn(program, args, { stdio, env: { ...env } });
  let passed: NodeJS.Signals | undefined;
  const pass = (signal: NodeJS.Signals): void => {
    passed = signal;
    if (isPassedOn(signal)) child.kill(signal);
  };
  for (const name of SIGNALS) process.on(name, pass);
  attempt(() => process.on("SIGUSR2", ask), undefined);
  const watch = whenOrphaned(() => pass("SIGTERM"));
  const ended = await endOf(child);
  // npm and shells end at a signal before the application that they have started does, or do not pass it on.
  if (passed !== undefined) await othersEnd(directory, passed);
  clearInterval(watch);
  for (const name of SIGNALS) process.off(name, pass);
  process.off("SIGUSR2", ask);
  return ended;
}

// Ctrl-C in a terminal reaches the application by itself; a second SIGINT would cut its end short.
function isPassedOn(signal: NodeJS.Signals): boolean {
  return signal !== "SIGINT" || !process.stdin.isTTY;
}

function endOf(child: ChildProcess): Promise<RunEnd> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ exitCode: 1, failure: error.message }));
    child.once("exit", (code, signal) =>
      resolve({ exitCode: code ?? BY_SIGNAL + signalNumber(signal), failure: undefined }),
    );
  });
}

const PARENT_POLL_MILLIS = 500;

// npm and npx do not pass all signals on. A shell may end and leave the command running in the background on purpose.
function whenOrphaned(listener: () => void): NodeJS.Timeout | undefined {
  if (textIn("npm_command") === undefined) return undefined;
  if (startsInBackground(textIn("npm_lifecycle_script") ?? "")) return undefined;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    listener();
  }, PARENT_POLL_MILLIS);
  return watch.unref();
}

/** Tells whether a script of package.json puts a command into the background: an `&` that neither joins commands nor redirects. */
export function startsInBackground(script: string): boolean {
  const unquoted = script.replaceAll(/\\.|"(?:\\.|[^"\\])*"|'[^']*'/gs, "x");
  return /(?<![&<>|])&(?![&>])/.test(unquoted);
}

const POLL_MILLIS = 50;
/** How long processes may take to end after a signal. */
const MAX_POLLS = 600;
/** For those that have just started, and those to which the ended process has passed the signal. */
const MIN_POLLS = 4;

async function othersEnd(directory: string | undefined, signal: NodeJS.Signals): Promise<void> {
  const signalled = new Set<number>();
  for (let polls = 0; polls < MAX_POLLS; polls += 1) {
    const running = runningIn(directory);
    if (running.length === 0 && polls >= MIN_POLLS) return;
    const fresh = running.filter((pid) => !signalled.has(pid) && !isSignalled(directory, pid));
    for (const pid of polls < MIN_POLLS ? [] : fresh) {
      signalled.add(pid);
      if (isPassedOn(signal)) attempt(() => process.kill(pid, signal), false);
    }
    await sleep(POLL_MILLIS);
  }
}

// Only processes that listen: the signal would end a shell.
function signalRunning(directory: string | undefined, signal: NodeJS.Signals): void {
  for (const pid of runningIn(directory)) attempt(() => process.kill(pid, signal), false);
}

// A second signal would end a process that handles the first by `once`.
function isSignalled(directory: string | undefined, pid: number): boolean {
  return directory !== undefined && existsSync(join(directory, `${pid}.${SIGNALLED}`));
}

/** Returns the ids of the processes that run and have not reported. */
export function runningIn(directory: string | undefined): readonly number[] {
  if (directory === undefined) return [];
  return attempt(() => readdirSync(directory), []).flatMap((name) => {
    if (!name.endsWith(RUNNING)) return [];
    const pid = Number.parseInt(name, 10);
    const start = attempt(() => readFileSync(join(directory, name), "utf8"), undefined);
    const isSame = start === startOf(pid) && attempt(() => process.kill(pid, 0), false);
    return isSame ? [pid] : [];
  });
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
    mechanism: "No Node program was started, NODE_OPTIONS did not reach it, or it was killed.",
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
  const failed = reports.filter(({ hasFailed }) => hasFailed);
  const chosen = [relevant, failed, reports.slice(0, 1)].find(({ length }) => length > 0) ?? [];
  return chosen.map(({ report }) => report);
}
