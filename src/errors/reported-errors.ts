import { describeNonError } from "./non-error.js";
import { isError, isList, isObjectLike, memberOf } from "../support/foreign.js";
import { setNewest } from "../support/newest.js";

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

/**
 * Milliseconds between two texts of one error. It is recorded where it is thrown and logged where it is
 * caught; a job that fails in the same way the next time is another error.
 */
export const SAME_ERROR_MILLIS = 5000;

const MAX_TEXTS = 1000;
const MAX_TEXT_LENGTH = 500;
const MAX_LINKED = 100;
const MAX_FAILURES = 1000;
// Of one error that is thrown again and again.
const MAX_OWNERS = 100;

/**
 * The errors that were reported, so that one error is one event: through several spans, a capture and a
 * log record. `owner` is what it is reported of, a trace or a unit of work: the same object that is
 * thrown in two requests is two. An error is itself; its texts are the same as it when they were written
 * in another form within five seconds. Keeps no error alive. Never throws.
 */
export class ReportedErrors {
  readonly #errors = new WeakMap<object, Map<string, string>>();
  readonly #texts = new Map<string, TextReport>();
  readonly #failures = new Map<string, number>();

  /** The id of the event by which the owner's error was reported; by what it wraps, for a GraphQL error. */
  find(owner: string, seen: SeenError): string | undefined {
    const known = [seen.error, memberOf(seen.error, "originalError")].map((error) =>
      isObjectLike(error) ? this.#errors.get(error)?.get(owner) : undefined,
    );
    return known.find((id) => id !== undefined) ?? this.#textReport(owner, seen)?.eventId;
  }

  /** Remembers it, and the errors that it was caused by or is made of: its event shows them, too. */
  add(owner: string, { error, form, text, atMillis }: SeenError, eventId: string): void {
    for (const linked of linkedErrors(error)) {
      const owners = this.#errors.get(linked) ?? new Map<string, string>();
      this.#errors.set(linked, owners);
      setNewest(owners, [owner, eventId], MAX_OWNERS);
    }
    if (text !== undefined)
      setNewest(this.#texts, [owner + text, { form, atMillis, eventId }], MAX_TEXTS);
  }

  /** Notes that an error handler captured an unhandled error of the owner's work, at a time in milliseconds since 1970. */
  noteFailure(owner: string, atMillis: number): void {
    setNewest(this.#failures, [owner, atMillis], MAX_FAILURES);
  }

  /** When an unhandled error of the owner's work was last captured, in milliseconds since 1970; undefined where none was. */
  failureOf(owner: string): number | undefined {
    return this.#failures.get(owner);
  }

  // Two errors that read alike are two, as long as each was seen itself.
  #textReport(owner: string, { form, text, atMillis }: SeenError): TextReport | undefined {
    const report = text === undefined ? undefined : this.#texts.get(owner + text);
    if (report === undefined || report.form === form) return undefined;
    return Math.abs(report.atMillis - atMillis) <= SAME_ERROR_MILLIS ? report : undefined;
  }
}

/** What the forms of an error have in common: its stack as text, or what is told of what has none. */
export function textOfError(error: unknown): string | undefined {
  if (!isError(error)) {
    const { type, value } = describeNonError(error);
    return textOfRecorded({ type, message: value, stack: undefined });
  }
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

function linkedErrors(error: unknown): Set<object> {
  const linked = new Set<object>();
  if (!isObjectLike(error)) return linked;
  linked.add(error);
  // Grows while it is walked.
  for (const each of linked) {
    const wrapped = ["cause", "originalError"].map((key) => memberOf(each, key));
    for (const next of [...wrapped, ...membersOf(memberOf(each, "errors"))])
      if (isError(next) && linked.size < MAX_LINKED) linked.add(next);
  }
  return linked;
}

function membersOf(errors: unknown): unknown[] {
  if (!isList(errors)) return [];
  return Array.from({ length: MAX_LINKED }, (_, index) => memberOf(errors, String(index)));
}
