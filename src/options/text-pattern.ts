import { types } from "node:util";

import { ownEntries } from "../support/foreign.js";
import type { TextPattern, TransactionPattern } from "./options.js";

/** The names and the op of a span or transaction. */
export interface Named {
  /** Its names in OpenTelemetry and in Sentry. */
  readonly names: readonly string[];
  readonly op: string | undefined;
}

/**
 * Copies what an option has as patterns: a regular expression as one of no other class, without properties of its own, and
 * an object with the patterns of its properties. The application's own may have an `exec` that captures errors, which would
 * be tested against the patterns in turn; it may be frozen, in use elsewhere, or change later.
 */
export function ownPattern(pattern: unknown): unknown {
  if (types.isRegExp(pattern)) return structuredClone(pattern);
  if (typeof pattern !== "object" || pattern === null) return pattern;
  const copies = ownEntries<unknown>(pattern, MAX_PROPERTIES).map(([name, value]) => [
    name,
    ownPattern(value),
  ]);
  return Object.freeze(Object.fromEntries(copies));
}

/** Properties and attributes that are read of a pattern. */
const MAX_PROPERTIES = 10_000;

/** Tells whether a text contains one of the strings or matches one of the regular expressions. */
export function matchesAny(text: string, patterns: readonly TextPattern[]): boolean {
  return patterns.some((pattern) => matchesPattern(text, pattern));
}

/** Tells whether a text contains the string or matches the regular expression. */
export function matchesPattern(text: string, pattern: TextPattern): boolean {
  if (typeof pattern === "string") return text.includes(pattern);
  // A regular expression with the `g` or `y` flag keeps the position at which it stopped.
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/**
 * Tells whether the pattern's name matches one of the names, and its op the op. A pattern with neither matches nothing.
 */
export function matchesNamed({ names, op }: Named, pattern: TransactionPattern): boolean {
  if (typeof pattern === "string" || types.isRegExp(pattern))
    return names.some((name) => matchesPattern(name, pattern));
  if (pattern.name === undefined && pattern.op === undefined) return false;
  if (pattern.op !== undefined && !matchesPattern(op ?? "", pattern.op)) return false;
  const wanted = pattern.name;
  return wanted === undefined || names.some((name) => matchesPattern(name, wanted));
}
