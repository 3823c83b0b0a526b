import { describeNonError } from "./exception-values.js";
import { firstOf, isError, isList, isObjectLike, propertyOf } from "../support/foreign.js";
import { ProxyTime, isErrorWithin } from "../support/proxy-time.js";
import { BoundedMap } from "../support/collections.js";

/** Form in which an error was seen: the object itself, or the texts in a span or a log record. */
export type ErrorForm = "log" | "object" | "span";

/** One occurrence of an error. */
export interface SeenError {
  readonly form: ErrorForm;
  /** The error object; absent if only its texts are known. */
  readonly error?: unknown;
  /** Text by which different forms of one error are matched; undefined if it has none. */
  readonly text: string | undefined;
  readonly atMillis: number;
}

interface TextReport {
  readonly form: ErrorForm;
  readonly atMillis: number;
  readonly eventId: string;
}

/**
 * Equal texts within this time are one error, recorded where it was thrown and logged where it was caught. Later ones
 * are a new error, for example the next failure of a job.
 */
export const SAME_ERROR_MILLIS = 5000;

const MAX_TEXTS = 1000;
const MAX_TEXT_LENGTH = 500;
const MAX_LINKED = 100;
const MAX_FAILURES = 1000;
// Traces that are remembered per error object: an application may throw one object again and again.
const MAX_OWNERS = 100;

/**
 * Remembers reported errors, so that an error seen by several spans, a capture and a log record becomes one event.
 * `owner` is a trace id: one object thrown in two requests is two errors. Errors are matched by identity; texts match
 * if they were seen in another form within five seconds. Does not keep errors alive. Never throws.
 */
export class ReportedErrors {
  readonly #errors = new WeakMap<object, BoundedMap<string, string>>();
  readonly #texts = new BoundedMap<string, TextReport>(MAX_TEXTS);
  readonly #failures = new BoundedMap<string, number>(MAX_FAILURES);

  /**
   * Returns the id of the event that reported the error, or the error inside it for an error of GraphQL; undefined if
   * there is none.
   */
  find(owner: string, seen: SeenError): string | undefined {
    const known = [seen.error, propertyOf(seen.error, "originalError")].map((error) =>
      isObjectLike(error) ? this.#errors.get(error)?.get(owner) : undefined,
    );
    return known.find((id) => id !== undefined) ?? this.#textReport(owner, seen)?.eventId;
  }

  /**
   * Remembers the error together with its causes and the errors of an aggregate, because its event shows them as well.
   */
  add(owner: string, { error, form, text, atMillis }: SeenError, eventId: string): void {
    // The error itself before its links are read: a `cause` getter may capture it once more.
    if (isObjectLike(error)) this.#addObject(owner, error, eventId);
    for (const linked of linkedErrors(error)) this.#addObject(owner, linked, eventId);
    if (text !== undefined) this.#texts.setNewest(owner + text, { form, atMillis, eventId });
  }

  #addObject(owner: string, error: object, eventId: string): void {
    const owners = this.#errors.get(error) ?? new BoundedMap<string, string>(MAX_OWNERS);
    this.#errors.set(error, owners);
    owners.setNewest(owner, eventId);
  }

  /** Records that an error handler captured an unhandled error, at a time in milliseconds since 1970. */
  noteFailure(owner: string, atMillis: number): void {
    this.#failures.setNewest(owner, atMillis);
  }

  /**
   * Returns the time at which an unhandled error was last captured, in milliseconds since 1970; undefined if there was
   * none.
   */
  failureOf(owner: string): number | undefined {
    return this.#failures.get(owner);
  }

  // Equal texts of the same form are two errors.
  #textReport(owner: string, { form, text, atMillis }: SeenError): TextReport | undefined {
    const report = text === undefined ? undefined : this.#texts.get(owner + text);
    if (report === undefined || report.form === form) return undefined;
    return Math.abs(report.atMillis - atMillis) <= SAME_ERROR_MILLIS ? report : undefined;
  }
}

/** Returns the text by which an error is matched: its stack, or a description of a value that is not an error. */
export function textOfError(error: unknown): string | undefined {
  if (!isError(error)) {
    const { type, value } = describeNonError(error);
    return textOfRecorded({ type, message: value, stack: undefined });
  }
  const stack = propertyOf(error, "stack");
  return typeof stack === "string" ? stack.slice(0, MAX_TEXT_LENGTH) : undefined;
}

/** Returns the text by which a recorded exception is matched; equal to `textOfError` of the same error. */
export function textOfRecorded(recorded: {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
}): string {
  const { type, message, stack = headerOf(type, message) } = recorded;
  return stack.slice(0, MAX_TEXT_LENGTH);
}

// The texts are cut first, because cutting their concatenation copies all of it.
function headerOf(type: string, message: string): string {
  return `${type.slice(0, MAX_TEXT_LENGTH)}: ${message.slice(0, MAX_TEXT_LENGTH)}`;
}

const LINKS = ["errors", "cause", "originalError"];

// Errors that are slow proxies are rare, and an event of the error reads them again.
const MAX_PROXY_MILLIS = 2;

function linkedErrors(error: unknown): Set<object> {
  const linked = new Set<object>();
  if (!isObjectLike(error)) return linked;
  const time = new ProxyTime(MAX_PROXY_MILLIS);
  linked.add(error);
  // The set grows while it is iterated.
  for (const each of linked) {
    const links = time.read(each, () => LINKS.map((key) => propertyOf(each, key)));
    const [errors, ...wrapped] = links ?? [];
    for (const next of [...wrapped, ...fieldsOf(errors, time)])
      if (linked.size < MAX_LINKED && isErrorWithin(next, time)) linked.add(next);
  }
  return linked;
}

function fieldsOf(errors: unknown, time: ProxyTime): unknown[] {
  if (!isList(errors)) return [];
  return time.read(errors, () => firstOf(errors, MAX_LINKED)) ?? [];
}
