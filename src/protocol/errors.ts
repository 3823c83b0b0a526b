/** What an option should have been, and what it was. */
export interface OptionProblem {
  readonly option: string;
  readonly expected: string;
  readonly received: unknown;
}

/** Thrown while a client is built, when an option is not what it should be. Nothing else throws. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
  readonly option: string;

  constructor(problem: OptionProblem) {
    super(`\`${problem.option}\` ${problem.expected}; got ${describe(problem.received)}`);
    this.option = problem.option;
  }
}

/** Tells an `OptionsError` of any copy of this package, ESM or CommonJS (`instanceof` cannot). */
export function isOptionsError(value: unknown): value is OptionsError {
  return value instanceof Error && value.name === "OptionsError" && "option" in value;
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "an array" : "an object";
  return `${String(value)} (${typeof value})`;
}
