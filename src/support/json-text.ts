import { storable } from "./cut.js";

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
