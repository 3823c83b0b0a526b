import { MAX_NAME_LENGTH, classNameOf, memberOf } from "./foreign.js";

// A longer number takes noticeable time to print.
const MAX_BIGINT_BITS = 1024;

/** Any value as the text of a message: primitives as `String` does, others by their class. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return bigintText(value);
  if (typeof value === "function") return functionText(value);
  if (typeof value === "object" && value !== null) return `[${classNameOf(value)}]`;
  return typeof value === "symbol" ? symbolText(value).slice(1, -1) : String(value);
}

/** `[Symbol(description)]`. */
export function symbolText(value: symbol): string {
  return `[Symbol(${(value.description ?? "").slice(0, MAX_NAME_LENGTH)})]`;
}

/** `[Function: name]`. Never throws. */
export function functionText(value: object): string {
  const name = memberOf(value, "name");
  const shown = typeof name === "string" ? name.slice(0, MAX_NAME_LENGTH) : "";
  return `[Function: ${shown === "" ? "<anonymous>" : shown}]`;
}

/** The digits of a number of any size that can be printed quickly. */
export function bigintText(value: bigint): string {
  const small = BigInt.asIntN(MAX_BIGINT_BITS, value) === value;
  return small ? String(value) : `more than ${MAX_BIGINT_BITS} bits`;
}
