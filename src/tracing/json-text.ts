// What JSON must escape, and surrogates: a lone one is not valid UTF-8, and makes Relay refuse the event.
const NEEDS_ESCAPE = /["\\\u0000-\u001F\uD800-\uDFFF]/;

/** Most attribute keys come from a small vocabulary; more distinct ones than this are not cached. */
const MAX_CACHED_KEYS = 4096;

const keyTexts = new Map<string, string>();

/** A string as JSON text; lone surrogates become U+FFFD. */
export function jsonString(value: string): string {
  return NEEDS_ESCAPE.test(value) ? JSON.stringify(value.toWellFormed()) : `"${value}"`;
}

/** `"key":` as JSON text, cached: building it costs more than the value of a typical attribute. */
export function jsonKey(key: string): string {
  const cached = keyTexts.get(key);
  if (cached !== undefined) return cached;
  const text = `${jsonString(key)}:`;
  if (keyTexts.size < MAX_CACHED_KEYS) keyTexts.set(key, text);
  return text;
}

/** A member with a string value and a leading comma, or nothing when there is no value. */
export function jsonMember(key: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${key}":${jsonString(value)}`;
}
