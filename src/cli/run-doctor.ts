import { examineEnvironment } from "../doctor/environment.js";
import type { DoctorReport } from "../doctor/finding.js";
import { examineRun, joined } from "../doctor/examined-run.js";
import { reportLines } from "../doctor/report-text.js";
import { sendFindings } from "./send-findings.js";
import { EXIT_FAILED, EXIT_OK, UsageError } from "./terminal.js";
import type { Terminal } from "./terminal.js";

/** Exit code if warnings are the worst that was found. */
const EXIT_WARNED = 3;

/** Options of the `doctor` command. */
interface DoctorOptions {
  readonly dsn?: string | undefined;
  /** Prints the report as JSON. */
  readonly json?: boolean;
  /** Also applies the rules that cost more. */
  readonly deep?: boolean;
  /** The command that runs the application; none examines the environment only. */
  readonly command?: readonly string[];
}

/** Examines the environment of the application in the working directory, or an application that it runs. Resolves to the exit code. */
export async function runDoctor(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const { dsn, json = false, command = [] } = options;
  const [program, ...args] = command;
  if (program !== undefined) return runApplication({ program, args, options }, terminal);
  terminal.progress("Examining the environment, and sending a test transaction…");
  const examine = async (): Promise<DoctorReport> =>
    examineEnvironment({ directory: process.cwd(), dsn });
  const report = await examine().finally(() => terminal.progress(undefined));
  printReport(report, json, terminal);
  return exitCodeOf(report);
}

interface Application {
  readonly program: string;
  readonly args: readonly string[];
  readonly options: DoctorOptions;
}

async function runApplication(
  { program, args, options }: Application,
  terminal: Terminal,
): Promise<number> {
  const { dsn, json = false, deep = false } = options;
  if (dsn !== undefined)
    throw new UsageError(
      "`--dsn` is for `doctor` without a command: set SENTRY_DSN for the command.",
    );
  if (!json)
    terminal.complain(
      "otel-sentry-bridge doctor: the rules are on. The report follows at the end.",
    );
  const mode = deep ? "deep" : "on";
  const run = await examineRun({ program, args, mode, isOutputKept: !json });
  if (run.failure !== undefined) {
    terminal.complain(`\`${program}\` could not be started: ${run.failure}.`);
    return EXIT_FAILED;
  }
  const report = joined(run.reports, { program, mode });
  await sendFindings(run.reports);
  if (json) printReport(report, true, terminal);
  else for (const each of [report, ...report.others]) printReport(each, false, terminal);
  return run.exitCode === 0 ? exitCodeOf(report) : run.exitCode;
}

function printReport(report: DoctorReport, isJson: boolean, terminal: Terminal): void {
  if (isJson) terminal.print(JSON.stringify(report, undefined, 2));
  else for (const line of reportLines(report, terminal.columns)) terminal.print(line);
}

function exitCodeOf({ worst }: DoctorReport): number {
  if (worst === "error") return EXIT_FAILED;
  return worst === "warning" ? EXIT_WARNED : EXIT_OK;
}
