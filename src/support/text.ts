import { MAX_NAME_LENGTH, classNameOf, memberOf } from "./foreign.js";

const MARK = "...";

/** A text as Sentry can store it: lone surrogates and NUL, which Postgres refuses, become U+FFFD. */
export function storable(text: string): string {
  const whole = text.toWellFormed();
  // Asked first, since texts of spans come here. `replaceAll` takes seven times as long for a text of many NULs.
  return whole.includes("\0") ? whole.split("\0").join("\uFFFD") : whole;
}

/** The first `max` UTF-16 units of a text at most, well-formed: no surrogate pair is cut in two. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return storable(text);
  const isPairCut = isHighSurrogate(text.charCodeAt(max - 1));
  return storable(text.slice(0, Math.max(0, isPairCut ? max - 1 : max)));
}

/** Cuts a text like `cut`, and ends it with `...` where something was cut off; the mark counts among the `max` units. */
export function clip(text: string, max: number): string {
  if (text.length <= max || max <= MARK.length) return cut(text, max);
  return cut(text, max - MARK.length) + MARK;
}

/** As much of a text as takes at most `max` bytes in UTF-8, well-formed. */
export function cutBytes(text: string, max: number): string {
  let head = cut(text, max);
  // Each character that goes frees one byte at least.
  while (Buffer.byteLength(head) > max) {
    const excess = Buffer.byteLength(head) - max;
    head = cut(head, head.length - Math.max(1, Math.floor(excess / 3)));
  }
  return head;
}

/** A long text by its length and `max` characters of each end, for a digest; a short one as it is. */
export function endsOf(text: string, max: number): string {
  return text.length <= 2 * max ? text : `${text.length}:${text.slice(0, max)}${text.slice(-max)}`;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd8_00 && code <= 0xdb_ff;
}

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

// What JSON must escape, and lone surrogates: one is not valid UTF-8, and makes Relay refuse the event.
const NEEDS_ESCAPE = /["\\\p{Cc}\p{Cs}]/u;

/** A string as JSON text; lone surrogates and NUL become U+FFFD. */
export function jsonString(value: string): string {
  return NEEDS_ESCAPE.test(value) ? JSON.stringify(storable(value)) : `"${value}"`;
}

/** A member with a string value and a leading comma, or nothing when there is no value. */
export function jsonMember(key: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${key}":${jsonString(value)}`;
}
