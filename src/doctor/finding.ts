import { withImports } from "./code-imports.js";

/** How bad a finding is: data is lost or mixed up (`error`), probably so (`warning`), or worth knowing (`info`). */
export type Severity = "error" | "info" | "warning";

/** A span, a call or a package that shows what a finding says. */
export interface Evidence {
  readonly kind: "call" | "package" | "span";
  readonly name: string;
  /** Span id, version or value. */
  readonly id?: string | undefined;
  /** Trace id of a span. */
  readonly traceId?: string | undefined;
  /** Start, in milliseconds since 1970. */
  readonly startMillis?: number | undefined;
  /** End, in milliseconds since 1970; undefined while it is open, and where there is none. */
  readonly endMillis?: number | undefined;
  /** Call site, or path. */
  readonly at?: string | undefined;
}

/** A library that a stack trace or a path names. */
export interface Library {
  readonly name: string;
  readonly version: string | undefined;
}

/** One fault that the doctor has found. */
export interface Finding {
  /** The rule, such as `D1`. */
  readonly rule: string;
  /** The kind of fault, such as `ended-parent`. */
  readonly name: string;
  readonly severity: Severity;
  /** One sentence that says what happened. */
  readonly summary: string;
  /** How often it was seen. */
  readonly count: number;
  /** At most a few examples. */
  readonly evidence: readonly Evidence[];
  /** The probable cause, and the consequence for the data. */
  readonly mechanism: string;
  readonly library?: Library | undefined;
  /** Instruction that removes the fault. */
  readonly fix: string;
  /** The fix as code or as a command; lines of at most 72 columns. */
  readonly code?: string | undefined;
}

type Optional = "count" | "evidence" | "rule" | "severity";

/** A finding of which some fields may be left out. */
type NewFinding = Omit<Finding, Optional> & Partial<Pick<Finding, Optional>>;

/** Completes a finding: an error of the set-up, seen once, without evidence, and imports in its code. */
export function finding(given: NewFinding): Finding {
  const { code } = given;
  const defaults = { rule: "D7", severity: "error", count: 1, evidence: [] } as const;
  return { ...defaults, ...given, code: code === undefined ? code : withImports(code) };
}

/** Something that the doctor has looked up, whether or not it is a fault. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** The facts and findings of one check. */
export interface Examination {
  readonly facts: readonly Fact[];
  readonly findings: readonly Finding[];
}

/** The result of a check that does not apply. */
export const NOTHING: Examination = { facts: [], findings: [] };

/** How much the doctor observes: the environment only, spans and scopes, or also what costs more. */
export type DoctorMode = "deep" | "off" | "on";

/** The result of an examination. */
export interface DoctorReport {
  /** Version of the package that made the report. */
  readonly version: string;
  readonly mode: DoctorMode;
  /** Time of the report, in milliseconds since 1970. */
  readonly atMillis: number;
  readonly process: { readonly pid: number; readonly node: string; readonly command: string };
  /** The worst severity; undefined without findings. */
  readonly worst: Severity | undefined;
  readonly facts: readonly Fact[];
  /** The worst first; of one severity, causes before consequences. */
  readonly findings: readonly Finding[];
}

/** The result of `doctor -- <command>`, as `--json` prints it: the report of the process that ended last. */
export interface RunReport extends DoctorReport {
  /** The worst severity in this report and all others. */
  readonly worst: Severity | undefined;
  /** The reports of the other processes, the last to end first. */
  readonly others: readonly DoctorReport[];
}

const RANKS: Readonly<Record<Severity, number>> = { error: 2, warning: 1, info: 0 };

/**
 * Sorts findings: the worst first; among equals faults of the set-up, then the rest, then losses, because each may be due to those
 * before; among these, those that were seen most often.
 */
export function ranked(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) => RANKS[b.severity] - RANKS[a.severity] || orderOf(a) - orderOf(b) || b.count - a.count,
  );
}

const LOSS = /^(?:lost-|(?:final-loss|only-spooled|unfinished-hooks)$)/;

function orderOf({ rule, name }: Finding): number {
  if (rule === "D7") return 0;
  return LOSS.test(name) ? 2 : 1;
}
