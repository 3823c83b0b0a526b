import { types } from "node:util";
import type { SegmentView } from "../client/capture-input.js";
import type { ClientCore } from "../client/client-core.js";
import { detachedTimers, startDetachedTimer } from "../context/suppress-tracing.js";
import type { KeepUnsampled, SpanPattern } from "../options/options.js";
import { matchesPattern, matchesNamed } from "../options/text-pattern.js";
import type { Named } from "../options/text-pattern.js";
import { redactedText } from "../privacy/redacted.js";
import { inferSpan } from "../semantics/infer-span.js";
import { SegmentAssembler } from "./segment-assembler.js";
import { SentCalls } from "./sent-calls.js";
import type { EncodingSettings } from "./span-encoder.js";
import { addAssembler } from "./add-assembler.js";
import { createTransactionForwarder } from "./transaction-forwarder.js";
import { STATUS_CODE } from "../trace/span.js";
import type { FinishedSpan, SpanDescription } from "../trace/span.js";

/** Milliseconds that a segment whose root has ended waits for open spans. */
export const GRACE_MILLIS = 1000;

/** Milliseconds that a finished span is buffered while its root stays open. */
export const MAX_WAIT_MILLIS = 60_000;

/** Returns the encoding settings of a client, which log a diagnostic for each repaired value. */
export function encodingSettings(client: ClientCore): EncodingSettings {
  return {
    now: Date.now,
    sendDefaultPii: client.settings.sendDefaultPii,
    onProblem: (kind, message, cause) => client.diagnostics.warnOnce(kind, message, cause),
  };
}

function keeperOf(keep: KeepUnsampled | undefined): ((root: FinishedSpan) => boolean) | undefined {
  if (keep === undefined) return undefined;
  const { failed = false, slowerThanMillis = Infinity } = keep;
  return ({ status, startTime, endTime }) =>
    (failed && status.code === STATUS_CODE.ERROR) ||
    (endTime[0] - startTime[0]) * 1000 + (endTime[1] - startTime[1]) / 1e6 > slowerThanMillis;
}

/**
 * Creates the assembler of one processor. It passes its transactions to the client, and its counts are included in
 * `stats`.
 */
export function createAssembler(
  client: ClientCore,
  segmentOf: (span: object) => SegmentView | undefined,
): SegmentAssembler {
  const { ignoreSpans, keepUnsampled, maxBreadcrumbs, spanBreadcrumbs } = client.settings;
  const forwarder = createTransactionForwarder(client, detachedTimers);
  const assembler = new SegmentAssembler({
    encoding: encodingSettings(client),
    schedule: {
      startTimer: startDetachedTimer,
      graceMillis: GRACE_MILLIS,
      maxWaitMillis: MAX_WAIT_MILLIS,
    },
    recorder: client.ledger.early,
    forwarder,
    isWorthKeeping: keeperOf(keepUnsampled),
    isIgnored: createSpanFilter(ignoreSpans),
    sentCalls: spanBreadcrumbs && maxBreadcrumbs > 0 ? new SentCalls() : undefined,
    memory: client.memory,
  });
  addAssembler(client, assembler, { forwarder, segmentOf });
  return assembler;
}

/** Tells whether a span is ignored, by its current name and attributes. */
export type SpanFilter = (span: SpanDescription) => boolean;

/** Creates the filter of the option `ignoreSpans`; undefined if the option is empty. */
export function createSpanFilter(patterns: readonly SpanPattern[]): SpanFilter | undefined {
  if (patterns.length === 0) return undefined;
  return (span) => {
    const named = namesOf(span);
    return patterns.some((pattern) => matchesSpan(span, named, pattern));
  };
}

// Patterns match OpenTelemetry's span name or Sentry's description.
function namesOf(span: SpanDescription): Named {
  const { description, op } = inferSpan(span);
  const shown = redactedText(description);
  return { names: span.name === shown ? [shown] : [span.name, shown].filter(isText), op };
}

function isText(name: unknown): boolean {
  return typeof name === "string";
}

// All properties of a pattern must match (protocol: filtering of spans).
function matchesSpan(span: SpanDescription, named: Named, pattern: SpanPattern): boolean {
  if (typeof pattern === "string" || types.isRegExp(pattern)) return matchesNamed(named, pattern);
  const { name, op, attributes } = pattern;
  if (attributes === undefined) return matchesNamed(named, pattern);
  if (!hasAttributes(span, attributes)) return false;
  return (name === undefined && op === undefined) || matchesNamed(named, pattern);
}

function hasAttributes(
  span: SpanDescription,
  expected: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(expected).every(([key, value]) => {
    const actual = span.attributes[key];
    return types.isRegExp(value)
      ? typeof actual === "string" && matchesPattern(actual, value)
      : actual === value;
  });
}
