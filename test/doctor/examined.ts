import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

import { expect } from "vitest";

import type { DoctorReport, RunReport } from "../../src/doctor/finding.js";
import { MODE_VARIABLE, REPORTS_VARIABLE } from "../../src/doctor/run.js";
import type { ProcessReport } from "../../src/doctor/run.js";
import type { Application } from "../package/application.js";

/** The end of a run, and the reports of its processes in the order in which they ended. */
interface ExaminedRun {
  readonly exitCode: number;
  readonly reports: readonly DoctorReport[];
}

/** The report of one program, and the exit code of the run that it was in. */
export interface Examined {
  readonly exitCode: number;
  readonly report: DoctorReport;
}

/** How to run the doctor. */
export interface DoctorOptions {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs shell commands such as `node app.mjs` under one doctor, one after the other. Each must end with exit code 0. */
async function examineCommands(
  app: Application,
  commands: readonly string[],
  { flags = [], env = {} }: DoctorOptions,
): Promise<ExaminedRun> {
  const script = commands.map((command) => command.replace(/\bnode /, '"$NODE" ')).join(" && ");
  const { exitCode, stdout, stderr } = await app.node(
    [
      `${app.packageDirectory}/dist/cli.cjs`,
      "doctor",
      "--json",
      ...flags,
      "--",
      "sh",
      "-c",
      script,
    ],
    { NODE: process.execPath, ...env },
  );
  if (stdout === "") throw new Error(`no report: ${stderr}`);
  const { others, ...last } = JSON.parse(stdout) as RunReport;
  return { exitCode, reports: [...others.toReversed(), last] };
}

/** Runs one command under the doctor; only one process of it may report. */
export async function examineCommand(
  app: Application,
  command: string,
  options: DoctorOptions = {},
): Promise<Examined> {
  const { exitCode, reports } = await examineCommands(app, [command], options);
  expect(reports).toHaveLength(1);
  return { exitCode, report: reports[0] as DoctorReport };
}

// The doctor's own process costs half as much as the program, and so is shared. A run must end in time on a busy machine.
const GROUP = 11;

/** Returns a function that runs the programs, a few under one doctor, when the report of one is asked for. */
export function examinedInGroups(
  app: () => Application,
  programs: readonly string[],
  options: () => DoctorOptions = () => ({}),
): (program: string) => Promise<Examined> {
  const runs = new Map<number, Promise<ExaminedRun>>();
  return async (program) => {
    const index = programs.indexOf(program);
    const first = index - (index % GROUP);
    const group = programs.slice(first, first + GROUP);
    const run =
      runs.get(first) ??
      examineCommands(
        app(),
        group.map((name) => `node ${name}`),
        options(),
      );
    runs.set(first, run);
    const { exitCode, reports } = await run;
    expect(reports.map((report) => report.process.command)).toEqual(
      group.map((name) => `node ${basename(name)}`),
    );
    return { exitCode, report: reports[index - first] as DoctorReport };
  };
}

/** Returns the different exit codes of the runs that the programs were in. */
export async function exitCodesOf(
  examined: (program: string) => Promise<Examined>,
  programs: readonly string[],
): Promise<readonly number[]> {
  const all = await Promise.all(programs.map((program) => examined(program)));
  return [...new Set(all.map(({ exitCode }) => exitCode))];
}

/** Runs Node as the doctor's command does, without the process of the command. */
export async function examineDirectly(
  app: Application,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<DoctorReport> {
  const directory = mkdtempSync(join(app.directory, "reports-"));
  const { stderr } = await app.node(args, {
    NODE_OPTIONS: `--require=${join(app.packageDirectory, "dist/doctor-preload.cjs")}`,
    [MODE_VARIABLE]: "on",
    [REPORTS_VARIABLE]: directory,
    ...env,
  });
  const [file, ...others] = readdirSync(directory);
  if (file === undefined) throw new Error(`no report: ${stderr}`);
  expect(others).toEqual([]);
  return (JSON.parse(readFileSync(join(directory, file), "utf8")) as ProcessReport).report;
}
