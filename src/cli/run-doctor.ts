import { examineEnvironment } from "../doctor/environment.js";
import type { DoctorReport } from "../doctor/finding.js";
import { reportLines } from "../doctor/report-text.js";
import { EXIT_FAILED, EXIT_OK } from "./terminal.js";
import type { Terminal } from "./terminal.js";

/** Exit code if warnings are the worst that was found. */
const EXIT_WARNED = 3;

/** Options of the `doctor` command. */
interface DoctorOptions {
  readonly dsn?: string | undefined;
  /** Prints the report as JSON. */
  readonly json?: boolean;
}

/** Examines the environment of the application in the working directory. Resolves to the exit code. */
export async function runDoctor(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const { dsn, json = false } = options;
  const directory = process.cwd();
  const report = await examineEnvironment({ directory, dsn });
  printReport(report, json, terminal);
  return exitCodeOf(report);
}

function printReport(report: DoctorReport, isJson: boolean, terminal: Terminal): void {
  if (isJson) terminal.print(JSON.stringify(report, undefined, 2));
  else for (const line of reportLines(report, terminal.columns)) terminal.print(line);
}

function exitCodeOf({ worst }: DoctorReport): number {
  if (worst === "error") return EXIT_FAILED;
  return worst === "warning" ? EXIT_WARNED : EXIT_OK;
}
