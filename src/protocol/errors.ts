/** An invalid option: what was expected, and what was received. */
export interface OptionProblem {
  readonly option: string;
  readonly expected: string;
  /** The value; absent where it does not matter, as for an unknown option. */
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
    super(messageOf(problem));
    const { option, problem: known } = readProblem(problem);
    this.option = option;
    this.problem = known;
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

// Recognizes an error by its internal tag: `instanceof` would follow the prototype chain of a proxy, which may be
// endless.
function isError(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Error]";
}

const UNREADABLE: OptionProblem = Object.freeze({ option: "options", expected: "is wrong" });

// The class is public, so `problem` may be any value and reading it may throw.
function messageOf(problem: OptionProblem): string {
  try {
    return `\`${problem.option}\` ${problem.expected}${received(problem)}`;
  } catch {
    return `\`${UNREADABLE.option}\` ${UNREADABLE.expected}`;
  }
}

function readProblem(problem: OptionProblem): { option: string; problem: OptionProblem } {
  try {
    return { option: problem.option, problem };
  } catch {
    return { option: UNREADABLE.option, problem: UNREADABLE };
  }
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
      return JSON.stringify(value.slice(0, 100).toWellFormed());
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
      return `${String(value)} (${typeof value})`;
  }
}
