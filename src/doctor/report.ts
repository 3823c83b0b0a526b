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
  const shown = shownOf(sorted);
  return {
    version: SDK_VERSION,
    mode,
    atMillis: Date.now(),
    process: { pid: process.pid, node: process.versions.node, command },
    worst: sorted[0]?.severity,
    facts: [...facts, ...leftOut(sorted, shown)],
    findings: shown,
  };
}

// Findings of one kind differ by the names of spans, which may hold ids.
const MAX_PER_KIND = 10;

function shownOf(findings: readonly Finding[]): Finding[] {
  const counts = new Map<string, number>();
  return findings.filter((each) => {
    const count = (counts.get(kindOf(each)) ?? 0) + 1;
    counts.set(kindOf(each), count);
    return count <= MAX_PER_KIND;
  });
}

function kindOf({ rule, name }: Finding): string {
  return `${rule} ${name}`;
}

function leftOut(all: readonly Finding[], shown: readonly Finding[]): Fact[] {
  const kinds = new Set(all.map(kindOf));
  const counts = [...kinds].flatMap((kind) => {
    const isOfKind = (each: Finding): boolean => kindOf(each) === kind;
    const quantity = all.filter(isOfKind).length - shown.filter(isOfKind).length;
    return quantity === 0 ? [] : [`${quantity} more of ${kind}`];
  });
  return counts.length === 0 ? [] : [{ name: "left out", value: counts.join(", ") }];
}
