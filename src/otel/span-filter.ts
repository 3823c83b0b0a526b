import type { SpanPattern } from "../options/options.js";
import { matches } from "../options/text-pattern.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { SpanView } from "../semantics/span-view.js";

/** Whether a span that starts is to be left out. */
export type SpanFilter = (span: SpanView) => boolean;

/** Builds the filter of `ignoreSpans`; `undefined` when there is nothing to ignore. */
export function createSpanFilter(patterns: readonly SpanPattern[]): SpanFilter | undefined {
  if (patterns.length === 0) return undefined;
  return (span) => patterns.some((pattern) => matchesSpan(span, pattern));
}

// All that a pattern names must match (protocol: filtering of spans).
function matchesSpan(span: SpanView, pattern: SpanPattern): boolean {
  if (typeof pattern === "string" || pattern instanceof RegExp) return matches(span.name, pattern);
  const { name, op, attributes } = pattern;
  if (name === undefined && op === undefined && attributes === undefined) return false;
  if (name !== undefined && !matches(span.name, name)) return false;
  if (op !== undefined && !matches(inferSpan(span).op ?? "", op)) return false;
  return attributes === undefined || hasAttributes(span, attributes);
}

function hasAttributes(span: SpanView, expected: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(expected).every(([key, value]) => {
    const actual = span.attributes[key];
    return value instanceof RegExp
      ? typeof actual === "string" && matches(actual, value)
      : actual === value;
  });
}
