import { MAX_NAME_LENGTH, classNameOf, memberOf } from "./foreign.js";
import { textOf } from "./text.js";

const BUILT_IN_NAMES: ReadonlySet<string> = new Set([
  "AggregateError",
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
]);

/**
 * The error's `name`; its class name where `name` is only inherited from a built-in error, as in
 * `class OrderError extends Error {}`. `Error` when it has neither. Never throws.
 */
export function errorType(error: object): string {
  const given = memberOf(error, "name");
  const className = classNameOf(error);
  if (typeof given !== "string" || given === "") return nameOfClass(className);
  const name = given.slice(0, MAX_NAME_LENGTH);
  return BUILT_IN_NAMES.has(name) && !BUILT_IN_NAMES.has(className) ? nameOfClass(className) : name;
}

/** The error's message as text, or nothing. Never throws. */
export function errorMessage(error: object): string {
  const message = memberOf(error, "message");
  return message === undefined ? "" : textOf(message);
}

/** The class name as an exception type: plain objects have none worth telling. */
export function nameOfClass(className: string): string {
  return className === "Object" || className === "null prototype" ? "Error" : className;
}
