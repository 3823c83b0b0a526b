/** What a `sentry-trace` header says. */
export interface SentryTrace {
  readonly traceId: string;
  /** The sender's span; without it the trace has no usable parent. */
  readonly spanId: string | undefined;
  /** `undefined` when the sender leaves the decision to the receiver. */
  readonly sampled: boolean | undefined;
}

// https://develop.sentry.dev/sdk/foundations/trace-propagation/ : ids are lower case, and all zeros is no id.
const PATTERN = /^[ \t]*(?!0{32})([0-9a-f]{32})(?:-(?!0{16})([0-9a-f]{16}))?(?:-([01]))?[ \t]*$/;

// Longer than any header; a pattern reads a text of megabytes for milliseconds.
const MAX_LENGTH = 1024;

/** Parses a `sentry-trace` header; `undefined` when it is absent, malformed or has no trace id. */
export function parseSentryTrace(value: string | undefined): SentryTrace | undefined {
  const match = value === undefined || value.length > MAX_LENGTH ? null : PATTERN.exec(value);
  if (match === null) return undefined;
  const [, traceId = "", spanId, flag] = match;
  return { traceId, spanId, sampled: flag === undefined ? undefined : flag === "1" };
}

/** The `sentry-trace` header for a span; no flag when the decision is the receiver's. Ids are written in lower case. */
export function formatSentryTrace(
  traceId: string,
  spanId: string,
  sampled: boolean | undefined,
): string {
  const ids = `${traceId}-${spanId}`.toLowerCase();
  if (sampled === undefined) return ids;
  return `${ids}-${sampled ? "1" : "0"}`;
}
