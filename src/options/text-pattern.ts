import type { TextPattern } from "./options.js";

/** Whether a text contains one of the strings or matches one of the patterns. */
export function matchesAny(text: string, patterns: readonly TextPattern[]): boolean {
  return patterns.some((pattern) => matches(text, pattern));
}

/** Whether a text contains the string or matches the pattern. */
export function matches(text: string, pattern: TextPattern): boolean {
  if (typeof pattern === "string") return text.includes(pattern);
  // A pattern with the `g` or `y` flag remembers where it stopped.
  pattern.lastIndex = 0;
  return pattern.test(text);
}
