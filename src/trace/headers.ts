/** Dynamic sampling context: the `sentry-` members of `baggage` without the prefix, all strings. */
export type DynamicSamplingContext = Readonly<Record<string, string>>;

/** What an incoming request says about the trace it continues. */
export interface IncomingTrace {
  readonly traceId: string;
  /** The sender's decision; absent when it left the decision to us. */
  readonly sampled: boolean | undefined;
  /** Frozen as it came; `undefined` when the sender spoke W3C only, `{}` when it sent no members. */
  readonly dsc: DynamicSamplingContext | undefined;
}

/** What a `sentry-trace` header says. */
export interface SentryTrace {
  readonly traceId: string;
  /** The sender's span; without it the trace has no usable parent. */
  readonly spanId: string | undefined;
  /** `undefined` when the sender leaves the decision to the receiver. */
  readonly sampled: boolean | undefined;
}

// https://develop.sentry.dev/sdk/foundations/trace-propagation/ : ids are lower case, and all zeros is no id.
const SENTRY_TRACE =
  /^[ \t]*(?!0{32})([0-9a-f]{32})(?:-(?!0{16})([0-9a-f]{16}))?(?:-([01]))?[ \t]*$/;

/** Parses a `sentry-trace` header; `undefined` when it is absent, malformed or has no trace id. */
export function parseSentryTrace(value: string | undefined): SentryTrace | undefined {
  const match =
    value === undefined || value.length > MAX_HEADER_LENGTH ? null : SENTRY_TRACE.exec(value);
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

/** What a W3C `traceparent` header says. */
export interface Traceparent {
  readonly traceId: string;
  readonly spanId: string;
  /** The flags that are defined today: 1 sampled, 2 random trace id. */
  readonly flags: number;
}

// https://www.w3.org/TR/trace-context/#traceparent-header : version `ff` is forbidden, and all zeros is no id.
// The further fields take in the white space behind them: with `.*` before `[ \t]*`, time would grow by the square.
const TRACEPARENT =
  /^[ \t]*(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:[ \t]*|(-.*))$/;

// Longer than any version's header; a pattern reads a text of megabytes for milliseconds.
const MAX_HEADER_LENGTH = 1024;

// Flags without a meaning yet must not be passed on: a later version may give them one.
const KNOWN_FLAGS = 0b11;

/**
 * Parses a `traceparent` header; `undefined` when it is absent or malformed. Versions after `00` may
 * have more fields: what is known of them is read.
 */
export function parseTraceparent(value: string | undefined): Traceparent | undefined {
  const match =
    value === undefined || value.length > MAX_HEADER_LENGTH ? null : TRACEPARENT.exec(value);
  if (match === null) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = match;
  if (version === "00" && more !== undefined) return undefined;
  return { traceId, spanId, flags: parseInt(flags, 16) & KNOWN_FLAGS };
}

/** The `traceparent` header, version `00`, for a span. Ids are written in lower case. */
export function formatTraceparent(traceId: string, spanId: string, flags: number): string {
  return `00-${traceId}-${spanId}-0${flags & KNOWN_FLAGS}`.toLowerCase();
}

/** Whose traces a service continues. */
export interface ContinuationRule {
  /** The organization of this service, if it is known. */
  readonly orgId: string | undefined;
  /** Whether both sides must name it. */
  readonly isStrict: boolean;
}

/**
 * Whether a trace of another organization, or of none, is continued here: not if both are known and
 * differ, and, strictly, not if only one is known
 * (https://develop.sentry.dev/sdk/foundations/trace-propagation/).
 */
export function mayContinue(incomingOrgId: string | undefined, rule: ContinuationRule): boolean {
  if (incomingOrgId !== undefined && rule.orgId !== undefined) return incomingOrgId === rule.orgId;
  return !rule.isStrict || incomingOrgId === rule.orgId;
}
