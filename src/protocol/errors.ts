/** An invalid option: what was expected, and what was received. */
export interface OptionProblem {
  readonly option: string;
  readonly expected: string;
  /**
   * The value, without credentials in URLs; for an object or a function its kind, such as `an array`. Absent where it
   * does not matter, as for an unknown option.
   */
  readonly received?: unknown;
  /** The environment variable that it came from. */
  readonly variable?: string | undefined;
}

/** The error that creating a client throws for an invalid option. This package throws no other error. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
  readonly option: string;
  /** The problem, in structured form. */
  readonly problem: OptionProblem;

  constructor(problem: OptionProblem) {
    const { message, shown } = readProblem(problem);
    super(message);
    this.option = shown.option;
    this.problem = shown;
  }
}

/**
 * Tells whether a value is an `OptionsError` of any copy of this package; `instanceof` recognizes only one copy's
 * class. Never throws.
 */
export function isOptionsError(value: unknown): value is OptionsError {
  try {
    return isError(value) && "name" in value && value.name === "OptionsError" && "option" in value;
  } catch {
    return false;
  }
}

/**
 * Returns what `run` returns. The stack of an `OptionsError` that it throws begins at the caller of a public function or
 * class: the frames of this package would not show where the wrong option is.
 */
export function blamingCallerOf<T>(
  called: (abstract new (...args: never) => unknown) | ((...args: never) => unknown),
  run: () => T,
): T {
  try {
    return run();
  } catch (error) {
    if (isOptionsError(error)) captureStackAbove(error, called);
    throw error;
  }
}

function captureStackAbove(
  error: Error,
  called: Parameters<typeof Error.captureStackTrace>[1],
): void {
  try {
    Error.captureStackTrace(error, called);
  } catch {
    // The application's own `prepareStackTrace` failed. The error keeps the stack that it has.
  }
}

// Recognizes an error by its internal tag: `instanceof` would follow the prototype chain of a proxy, which may be
// endless.
function isError(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Error]";
}

// From the `@` on: the host and the project id.
const KEY_OF_DSN = /^@[^\s/@]+(?:\/[^\s@]*)?\/\d+\/?\s*$/;

const UNREADABLE: OptionProblem = Object.freeze({ option: "options", expected: "is wrong" });

/** Characters of a wrong value that are read: twice as many as a DSN or URL may have. */
const MAX_LENGTH = 4096;

/**
 * Replaces the credentials of a URL in a text: everything from the first `://` to the last `@`, since a password may
 * contain any character; and the keys of a DSN that has lost its scheme. Of a text with more than 4096 characters, returns the
 * first, up to a `://`.
 */
export function withoutUserInfo(text: string): string {
  return text.length > MAX_LENGTH ? beginning(text.slice(0, MAX_LENGTH)) : filtered(text);
}

function beginning(text: string): string {
  const start = text.indexOf("://");
  return start === -1 ? text : `${text.slice(0, start)}://[Filtered]`;
}

function filtered(text: string): string {
  const start = text.indexOf("://");
  const at = text.lastIndexOf("@");
  if (start !== -1 && at > start) return `${text.slice(0, start)}://[Filtered]${text.slice(at)}`;
  return KEY_OF_DSN.test(text.slice(at)) ? `[Filtered]${text.slice(at)}` : text;
}

// The class is public, so `problem` may be any value and reading it may throw.
function readProblem(problem: OptionProblem): { message: string; shown: OptionProblem } {
  try {
    const shown = { ...problem, option: withoutUserInfo(problem.option) };
    const message = `\`${shown.option}\` ${shown.expected}${received(problem)}`;
    return "received" in problem
      ? { message, shown: { ...shown, received: harmless(problem.received) } }
      : { message, shown };
  } catch {
    return { message: `\`${UNREADABLE.option}\` ${UNREADABLE.expected}`, shown: UNREADABLE };
  }
}

// Node prints the properties of an error that nobody catches, so a value that may hold credentials is not kept.
function harmless(value: unknown): unknown {
  if (typeof value === "string") return withoutUserInfo(value);
  const isKept = value === null || !["object", "function", "symbol"].includes(typeof value);
  return isKept ? value : describe(value);
}

// `Array.isArray` throws for a revoked proxy.
function isArray(value: object): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

function received(problem: OptionProblem): string {
  if (!("received" in problem)) return "";
  const origin = problem.variable === undefined ? "" : ` in ${problem.variable}`;
  return `; got ${describe(problem.received)}${origin}`;
}

function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(withoutUserInfo(value).slice(0, 100).toWellFormed());
    case "object":
      if (value === null) return "null";
      return isArray(value) ? "an array" : "an object";
    case "function":
      return "a function";
    case "bigint":
      // Printing a long bigint can take seconds.
      return BigInt.asIntN(64, value) === value ? `${value} (bigint)` : "a long bigint";
    case "undefined":
      return "undefined";
    default:
      return `${withoutUserInfo(String(value))} (${typeof value})`;
  }
}
