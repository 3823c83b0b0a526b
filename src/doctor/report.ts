import { SDK_VERSION } from "../version.js";
import { ranked } from "./finding.js";
import type { DoctorMode, DoctorReport, Fact, Finding } from "./finding.js";

/** The contents of a new report. */
interface ReportContents {
  readonly mode: DoctorMode;
  /** The examined program or directory. */
  readonly command: string;
  readonly facts: readonly Fact[];
  readonly findings: readonly Finding[];
}

/** Creates the report of this process. */
export function newReport({ mode, command, facts, findings }: ReportContents): DoctorReport {
  const sorted = ranked(findings);
  return {
    version: SDK_VERSION,
    mode,
    atMillis: Date.now(),
    process: { pid: process.pid, node: process.versions.node, command },
    worst: sorted[0]?.severity,
    facts,
    findings: sorted,
  };
}
