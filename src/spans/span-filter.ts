import { types } from "node:util";

import type { SpanPattern } from "../options/options.js";
import { matches, matchesNamed } from "../options/text-pattern.js";
import type { Named } from "../options/text-pattern.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { SpanView } from "../trace/span.js";
import { withoutSecrets } from "../privacy/url.js";

/** Tells whether a span is left out, by what is known of it now. */
export type SpanFilter = (span: SpanView) => boolean;

/** Builds the filter of `ignoreSpans`; `undefined` when there is nothing to ignore. */
export function createSpanFilter(patterns: readonly SpanPattern[]): SpanFilter | undefined {
  if (patterns.length === 0) return undefined;
  return (span) => {
    const named = namesOf(span);
    return patterns.some((pattern) => matchesSpan(span, named, pattern));
  };
}

// As OpenTelemetry names it, and as Sentry shows it.
function namesOf(span: SpanView): Named {
  const { description, op } = inferSpan(span);
  const shown = withoutSecrets(description);
  return { names: span.name === shown ? [shown] : [span.name, shown].filter(isText), op };
}

function isText(name: unknown): boolean {
  return typeof name === "string";
}

// All that a pattern names must match (protocol: filtering of spans).
function matchesSpan(span: SpanView, named: Named, pattern: SpanPattern): boolean {
  if (typeof pattern === "string" || types.isRegExp(pattern)) return matchesNamed(named, pattern);
  const { name, op, attributes } = pattern;
  if (attributes === undefined) return matchesNamed(named, pattern);
  if (!hasAttributes(span, attributes)) return false;
  return (name === undefined && op === undefined) || matchesNamed(named, pattern);
}

function hasAttributes(span: SpanView, expected: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(expected).every(([key, value]) => {
    const actual = span.attributes[key];
    return types.isRegExp(value)
      ? typeof actual === "string" && matches(actual, value)
      : actual === value;
  });
}
