import { types } from "node:util";

import { MAX_NAME_LENGTH, classNameOf, propertyOf } from "./foreign.js";

const MARK = "...";

/** Returns a string that Sentry can store: lone surrogates and NUL, which Postgres rejects, become U+FFFD. */
export function storable(text: string): string {
  const whole = text.toWellFormed();
  // Checked first because this runs for strings of spans. `split` and `join`, because `replaceAll` takes seven times as
  // long for a string with many NULs.
  return whole.includes("\0") ? whole.split("\0").join("\uFFFD") : whole;
}

/** Returns at most the first `max` UTF-16 code units of a string, well-formed: no surrogate pair is split. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return storable(text);
  const isPairCut = isHighSurrogate(text.charCodeAt(max - 1));
  return storable(text.slice(0, Math.max(0, isPairCut ? max - 1 : max)));
}

/** Cuts a string like `cut`, and ends a cut one with `...`, which counts towards `max`. */
export function clip(text: string, max: number): string {
  if (text.length <= max || max <= MARK.length) return cut(text, max);
  return cut(text, max - MARK.length) + MARK;
}

/** Returns the longest prefix of a string that takes at most `max` bytes in UTF-8, well-formed. */
export function cutBytes(text: string, max: number): string {
  let head = cut(text, max);
  // A UTF-16 code unit takes at most three bytes, so this never cuts too much.
  while (Buffer.byteLength(head) > max) {
    const excess = Buffer.byteLength(head) - max;
    head = cut(head, head.length - Math.max(1, Math.floor(excess / 3)));
  }
  return head;
}

/**
 * Returns the length and `max` characters of each end of a long string, to be hashed in its place; a short string
 * unchanged.
 */
export function headAndTail(text: string, max: number): string {
  return text.length <= 2 * max ? text : `${text.length}:${text.slice(0, max)}${text.slice(-max)}`;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd8_00 && code <= 0xdb_ff;
}

// Printing a longer number takes noticeable time.
const MAX_BIGINT_BITS = 1024;

/**
 * Converts any value to a string for a message: primitives as `String` does, objects to their class name. Never throws.
 */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return bigintText(value);
  if (typeof value === "function") return functionText(value);
  if (typeof value === "object" && value !== null) return `[${classNameOf(value)}]`;
  return typeof value === "symbol" ? symbolText(value).slice(1, -1) : String(value);
}

/** Returns `[Symbol(description)]`. */
export function symbolText(value: symbol): string {
  return `[Symbol(${(value.description ?? "").slice(0, MAX_NAME_LENGTH)})]`;
}

/** Returns `[Function: name]`. Never throws. */
export function functionText(value: object): string {
  const name = propertyOf(value, "name");
  const shown = typeof name === "string" ? name.slice(0, MAX_NAME_LENGTH) : "";
  return `[Function: ${shown === "" ? "<anonymous>" : shown}]`;
}

/** Returns the digits of a bigint, or a placeholder if it has more than 1024 bits. */
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
 * Returns the error's `name`, or its class name if `name` is only inherited from a built-in error, as in
 * `class OrderError extends Error {}`. `Error` if it has neither. Never throws.
 */
export function errorType(error: object): string {
  const given = propertyOf(error, "name");
  const className = classNameOf(error);
  if (typeof given !== "string" || given === "") return nameOfClass(className);
  const name = given.slice(0, MAX_NAME_LENGTH);
  return BUILT_IN_NAMES.has(name) && !BUILT_IN_NAMES.has(className) ? nameOfClass(className) : name;
}

/** Returns the error's message as a string; "" if it has none. Never throws. */
export function errorMessage(error: object): string {
  const message = propertyOf(error, "message");
  return message === undefined ? "" : textOf(message);
}

/** Returns a class name as an exception type: `Error` for plain objects. */
export function nameOfClass(className: string): string {
  return className === "Object" || className === "null prototype" ? "Error" : className;
}

// Characters that JSON must escape, and surrogates: a lone one is not valid UTF-8, and makes Relay reject the event.
const NEEDS_ESCAPE = /["\\\p{Cc}\p{Cs}]/u;

const CONTROLS = /\p{Cc}/u;
const CONTROL_LENGTH = 6;
const SPACE = 0x20;

/** Returns about the length that a string has in JSON, where control characters other than line breaks take six characters. */
export function encodedLength(text: string): number {
  if (!CONTROLS.test(text)) return text.length;
  let length = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isBreak = code > 0x07 && code < 0x0e;
    if (code < SPACE && !isBreak) length += CONTROL_LENGTH - 1;
  }
  return length;
}

/** Encodes a string as JSON; lone surrogates and NUL become U+FFFD. */
export function jsonString(value: string): string {
  return NEEDS_ESCAPE.test(value) ? JSON.stringify(storable(value)) : `"${value}"`;
}

/** Encodes a JSON property with a leading comma; "" if there is no value. `key` must not need escaping. */
export function jsonField(key: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${key}":${jsonString(value)}`;
}

/** Returns a value that is no object as JSON has it, or in the notation of Sentry's SDKs. */
export function leafOf(value: unknown): boolean | number | string | null {
  switch (typeof value) {
    case "boolean":
    case "string":
      return value;
    case "number":
      return Number.isFinite(value) ? value : `[${value}]`;
    case "bigint":
      return `[BigInt: ${bigintText(value)}]`;
    case "function":
      return functionText(value);
    case "object":
      return null;
    default:
      return typeof value === "symbol" ? symbolText(value) : "[undefined]";
  }
}

/** Returns the text of an object that is shown without its properties, such as bytes and dates; undefined for others. */
export function flatText(value: object): string | undefined {
  if (value === globalThis) return "[Global]";
  if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) {
    return `[${classNameOf(value)}: ${value.byteLength} bytes]`;
  }
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value);
  return types.isDate(value) ? dateText(value) : undefined;
}

// Returns the date as ISO 8601. `toISOString` throws for an invalid date, which takes 7 µs.
function dateText(date: Date): string {
  const isValid = Number.isFinite(Date.prototype.getTime.call(date));
  return isValid ? Date.prototype.toISOString.call(date) : "[Invalid Date]";
}
