import type { CategoryStats, ClientStats } from "../client/stats.js";
import type { DoctorReport, Finding } from "../doctor/finding.js";
import { reportLines } from "../doctor/report-text.js";

export { readEnvelope } from "./envelope-reader.js";
export type { ReadEnvelope, ReadItem } from "./envelope-reader.js";
export { startIngestServer } from "./ingest-server.js";
export type { IngestServer, IngestServerOptions } from "./ingest-server.js";
export { createMemoryTransport } from "./memory-transport.js";
export type { MemoryTransport, MemoryTransportOptions } from "./memory-transport.js";
export { errorsOf, transactionsOf } from "./received.js";
export type {
  ReceivedError,
  ReceivedSpan,
  ReceivedTraceContext,
  ReceivedTransaction,
} from "./received.js";

/** A client, or any object with the statistics of one. */
interface Accountable {
  stats(): ClientStats;
}

// The message for `getClient()` before the set-up, when there is no client.
const NO_CLIENT = "there is no client whose items could be checked; create the client first";

/**
 * Throws unless there is a client and everything is accounted for: each started span is captured, buffered or open, and each captured item is
 * sent, dropped for a reason, queued or spooled. Call it after each test.
 */
export function assertAccounted(client: Accountable | undefined): void {
  if (client === undefined) throw new Error(NO_CLIENT);
  const { spans, byCategory } = client.stats();
  const known = spans.captured + spans.buffered + spans.open;
  if (known !== spans.started) {
    throw new Error(
      `${spans.started} spans were started, but captured + buffered + open = ${known}: ${JSON.stringify(spans)}`,
    );
  }
  for (const [category, stats] of Object.entries(byCategory)) assertBalanced(category, stats);
}

/** Like `assertAccounted`; also throws if anything is still open, buffered or queued. */
export function assertSettled(client: Accountable | undefined): void {
  if (client === undefined) throw new Error(NO_CLIENT);
  assertAccounted(client);
  const { spans, byCategory } = client.stats();
  const queued = Object.values(byCategory).reduce((sum, stats) => sum + stats.queued, 0);
  const left = spans.open + spans.buffered + queued;
  if (left !== 0) throw new Error(`${left} items are left: ${JSON.stringify(client.stats())}`);
}

/** Returns the number of dropped items of a category, for all reasons. */
export function dropped(stats: Pick<CategoryStats, "dropped">): number {
  return Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
}

/** Options of `expectNoFindings`. */
interface FindingOptions {
  /** Rules (`D1`) and names (`ended-parent`) of findings that are accepted. Default: none. */
  readonly allow?: readonly string[];
}

/**
 * Throws if a report of the doctor has a finding that is an error or a warning, with the report as its message, and if its rules
 * were off. Use it in tests with `diagnose()` of `otel-sentry-bridge/doctor`, after `startDoctor()`.
 */
export function expectNoFindings(report: DoctorReport, { allow = [] }: FindingOptions = {}): void {
  if (report.mode === "off")
    throw new Error("the doctor's rules were off; call startDoctor() before the first span");
  const isAllowed = ({ rule, name, severity }: Finding): boolean =>
    severity === "info" || allow.includes(rule) || allow.includes(name);
  const findings = report.findings.filter((each) => !isAllowed(each));
  if (findings.length === 0) return;
  throw new Error(reportLines({ ...report, facts: [], findings }).join("\n"));
}

function assertBalanced(category: string, stats: CategoryStats): void {
  const accounted = stats.sent + dropped(stats) + stats.queued + stats.spooled;
  if (accounted !== stats.captured) {
    throw new Error(
      `${stats.captured} \`${category}\` items were captured and ${accounted} are accounted for: ${JSON.stringify(stats)}`,
    );
  }
}
