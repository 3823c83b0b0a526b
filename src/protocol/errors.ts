/** What an option should have been, and what it was. */
export interface OptionProblem {
  readonly option: string;
  readonly expected: string;
  readonly received: unknown;
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
    const origin = problem.variable === undefined ? "" : ` in ${problem.variable}`;
    super(`\`${problem.option}\` ${problem.expected}; got ${describe(problem.received)}${origin}`);
    this.option = problem.option;
    this.problem = problem;
  }
}

/** Tells an `OptionsError` of any copy of this package, ESM or CommonJS (`instanceof` cannot). */
export function isOptionsError(value: unknown): value is OptionsError {
  return value instanceof Error && value.name === "OptionsError" && "option" in value;
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100).toWellFormed());
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : `${String(value)} (${typeof value})`;
}
