import { examineEnvironment } from "../doctor/environment.js";
import type { DoctorReport } from "../doctor/finding.js";
import { examineRun, joined } from "../doctor/examined-run.js";
import { reportLines } from "../doctor/report-text.js";
import { attempt, propertyOf } from "../support/foreign.js";
import { EXIT_FAILED, EXIT_OK, UsageError } from "./terminal.js";
import type { Terminal } from "./terminal.js";

/** Exit code if warnings are the worst that was found. */
const EXIT_WARNED = 3;

const INBOX_MILLIS = 1000;
const LOOPBACK = /^https?:\/\/[^@]*@?(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?\//;

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

/**
 * Sends what was found in traces to the inbox that has received them, which shows it beside each trace. Sends nothing to other servers.
 * Never rejects.
 */
export async function sendFindings(reports: readonly DoctorReport[]): Promise<void> {
  for (const report of reports) {
    const items = itemsOf(report);
    const [dsn = ""] = (report.facts.find(({ name }) => name === "dsn")?.value ?? "").split(" ");
    const origin = LOOPBACK.test(dsn) ? attempt(() => new URL(dsn), undefined)?.host : undefined;
    if (items.length === 0 || origin === undefined) continue;
    await sendItems(`http://${origin}`, items).catch(() => {});
  }
}

interface FindingItem {
  readonly trace_id: string;
  readonly severity: string;
  readonly rule: string;
  readonly summary: string;
  readonly fix: string;
}

function itemsOf({ findings }: DoctorReport): FindingItem[] {
  return findings.flatMap(({ rule, name, severity, summary, fix, evidence }) => {
    const traces = new Set(evidence.flatMap(({ traceId }) => traceId ?? []));
    return Array.from(traces, (trace_id) => ({
      trace_id,
      severity,
      rule: `${rule} ${name}`,
      summary,
      fix,
    }));
  });
}

async function sendItems(origin: string, items: readonly FindingItem[]): Promise<void> {
  const signal = AbortSignal.timeout(INBOX_MILLIS);
  const about = await fetch(`${origin}/data/about`, { signal, redirect: "error" });
  // Only an inbox answers with its DSN, and a development server with a page.
  const dsn = about.ok ? propertyOf(await about.json(), "dsn") : undefined;
  if (typeof dsn !== "string") return;
  const body = `{}\n{"type":"doctor_findings"}\n${JSON.stringify({ items })}\n`;
  await fetch(`${origin}/api/1/envelope/`, { method: "POST", body, signal, redirect: "error" });
}
