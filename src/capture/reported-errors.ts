import { isError, isList, isObjectLike, memberOf } from "../normalize/foreign.js";

/** In which form an error was seen: itself, or the texts that a span or a log record has of it. */
export type ErrorForm = "log" | "object" | "span";

/** One error, as it was seen. */
export interface SeenError {
  readonly form: ErrorForm;
  /** The error itself, where it was seen. */
  readonly error?: unknown;
  /** What the forms of one error have in common; undefined where there is nothing. */
  readonly text: string | undefined;
  readonly atMillis: number;
}

interface TextReport {
  readonly form: ErrorForm;
  readonly atMillis: number;
  readonly eventId: string;
}

interface UnitReports {
  readonly errors: WeakMap<object, string>;
  readonly texts: Map<string, TextReport>;
}

// An error is recorded where it is thrown and logged where it is caught; a job that fails in the same
// way the next time is another error.
const SAME_ERROR_MILLIS = 5000;

const MAX_TEXTS = 100;
const MAX_TEXT_LENGTH = 500;
const MAX_LINKED = 100;

/**
 * The errors that were reported of each unit of work, so that one error is one event: through several
 * spans, a capture and a log record. An error is itself; its texts are the same as it when they were
 * written in another form within five seconds. Keeps no error alive. Never throws.
 */
export class ReportedErrors {
  readonly #byUnit = new WeakMap<object, UnitReports>();

  /** The id of the event by which the unit's error was reported. */
  find(unit: object, seen: SeenError): string | undefined {
    const reports = this.#byUnit.get(unit);
    if (reports === undefined) return undefined;
    const known = isObjectLike(seen.error) ? reports.errors.get(seen.error) : undefined;
    return known ?? textReport(reports, seen)?.eventId;
  }

  /** Remembers it, and the errors that it was caused by or is made of: its event shows them, too. */
  add(unit: object, { error, form, text, atMillis }: SeenError, eventId: string): void {
    const reports = this.#reportsOf(unit);
    for (const linked of linkedErrors(error)) reports.errors.set(linked, eventId);
    if (text === undefined) return;
    reports.texts.delete(text);
    reports.texts.set(text, { form, atMillis, eventId });
    if (reports.texts.size > MAX_TEXTS)
      reports.texts.delete(reports.texts.keys().next().value ?? "");
  }

  #reportsOf(unit: object): UnitReports {
    const known = this.#byUnit.get(unit);
    if (known !== undefined) return known;
    const reports: UnitReports = { errors: new WeakMap(), texts: new Map() };
    this.#byUnit.set(unit, reports);
    return reports;
  }
}

/** What the forms of an error have in common: its stack as text. Undefined for what is no error. */
export function textOfError(error: unknown): string | undefined {
  if (!isError(error)) return undefined;
  const stack = memberOf(error, "stack");
  return typeof stack === "string" ? stack.slice(0, MAX_TEXT_LENGTH) : undefined;
}

/** The same of an exception of which only texts are known. */
export function textOfRecorded(recorded: {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
}): string {
  const { type, message, stack = `${type}: ${message}` } = recorded;
  return stack.slice(0, MAX_TEXT_LENGTH);
}

// Two errors that read alike are two, as long as each was seen itself.
function textReport(
  { texts }: UnitReports,
  { form, text, atMillis }: SeenError,
): TextReport | undefined {
  const report = text === undefined ? undefined : texts.get(text);
  if (report === undefined || report.form === form) return undefined;
  return Math.abs(report.atMillis - atMillis) <= SAME_ERROR_MILLIS ? report : undefined;
}

function linkedErrors(error: unknown): Set<object> {
  const linked = new Set<object>();
  if (!isObjectLike(error)) return linked;
  linked.add(error);
  // Grows while it is walked.
  for (const each of linked) {
    for (const next of [memberOf(each, "cause"), ...membersOf(memberOf(each, "errors"))])
      if (isError(next) && linked.size < MAX_LINKED) linked.add(next);
  }
  return linked;
}

function membersOf(errors: unknown): unknown[] {
  if (!isList(errors)) return [];
  return Array.from({ length: MAX_LINKED }, (_, index) => memberOf(errors, String(index)));
}
