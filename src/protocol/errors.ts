/** What an option should have been, and what it was. */
export interface OptionProblem {
  readonly option: string;
  readonly expected: string;
  /** Absent where it means nothing: an option that does not exist. */
  readonly received?: unknown;
  /** The environment variable that it came from. */
  readonly variable?: string | undefined;
}

/** Thrown while a client is built, when an option is not what it should be. Nothing else throws. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
  readonly option: string;
  /** What was wrong, in parts. */
  readonly problem: OptionProblem;

  constructor(problem: OptionProblem) {
    super(messageOf(problem));
    const { option, problem: known } = readProblem(problem);
    this.option = option;
    this.problem = known;
  }
}

/** Tells an `OptionsError` of any copy of this package, ESM or CommonJS (`instanceof` cannot). Never throws. */
export function isOptionsError(value: unknown): value is OptionsError {
  try {
    return isError(value) && "name" in value && value.name === "OptionsError" && "option" in value;
  } catch {
    return false;
  }
}

// By its tag: `instanceof` would ask a proxy for one prototype after the other.
function isError(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Error]";
}

const UNREADABLE: OptionProblem = Object.freeze({ option: "options", expected: "is wrong" });

// Applications may make one, too, of a problem that cannot be read.
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

// A revoked proxy is what throws here.
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
      // A long one takes seconds to print.
      return BigInt.asIntN(64, value) === value ? `${value} (bigint)` : "a long bigint";
    case "undefined":
      return "undefined";
    default:
      return `${String(value)} (${typeof value})`;
  }
}
