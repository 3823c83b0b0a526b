import type { DoctorReport, Finding } from "../doctor/finding.js";
import { reportLines } from "../doctor/report-text.js";

/** Options of `expectNoFindings`. */
interface FindingOptions {
  /** Rules (`D1`) and names (`ended-parent`) of findings that are accepted. Default: none. */
  readonly allow?: readonly string[];
}

/**
 * Throws if a report of the doctor has a finding that is an error or a warning, with the report as its message. Use it in tests
 * with `diagnose()` of `otel-sentry-bridge/doctor`, after `startDoctor()`.
 */
export function expectNoFindings(report: DoctorReport, { allow = [] }: FindingOptions = {}): void {
  const isAllowed = ({ rule, name, severity }: Finding): boolean =>
    severity === "info" || allow.includes(rule) || allow.includes(name);
  const findings = report.findings.filter((each) => !isAllowed(each));
  if (findings.length === 0) return;
  throw new Error(reportLines({ ...report, facts: [], findings }).join("\n"));
}
