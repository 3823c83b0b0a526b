/** A dynamic sampling context: the `sentry-` members of `baggage` without the prefix, all strings. */
export type DynamicSamplingContext = Readonly<Record<string, string>>;

/** Names of trace headers. */
export type TraceHeaderName = "baggage" | "sentry-trace" | "traceparent" | "tracestate";

/** Trace headers by name; can be passed to `fetch`, `new Headers()` and as `Record<string, string>`. */
export type TraceHeaders = Readonly<Partial<Record<TraceHeaderName, string>>>;

/** Headers from which a trace is read; other headers in the object are ignored. */
export type IncomingTraceHeaders = Readonly<Partial<Record<TraceHeaderName, string | undefined>>>;

/** The sampling data of a trace that its headers carry from one service to the next. */
export interface PropagatedTrace {
  /** The sender's sampling decision; `undefined` if it defers the decision to the receiver. */
  readonly sampled: boolean | undefined;
  /**
   * Frozen. `undefined` if the sender sends W3C headers only, `{}` if it sends `sentry-trace` without any `sentry-`
   * baggage.
   */
  readonly dsc: DynamicSamplingContext | undefined;
}

/** The trace that the headers of an incoming request or message continue. */
export interface IncomingTrace extends PropagatedTrace {
  readonly traceId: string;
}

/** A parsed `sentry-trace` header. */
interface SentryTrace {
  readonly traceId: string;
  /** The sender's span; `undefined` if the header has a trace id only. */
  readonly spanId: string | undefined;
  /** The sender's sampling decision; `undefined` if it defers the decision. */
  readonly sampled: boolean | undefined;
}

// Longer than any version's header. A regular expression takes milliseconds for a text of megabytes.
const MAX_HEADER_LENGTH = 1024;

// https://develop.sentry.dev/sdk/foundations/trace-propagation/ : ids are lower case and not all zeros.
const SENTRY_TRACE =
  /^[ \t]*(?!0{32})([0-9a-f]{32})(?:-(?!0{16})([0-9a-f]{16}))?(?:-([01]))?[ \t]*$/;

/** Parses a `sentry-trace` header; returns `undefined` if it is absent, malformed or has no trace id. */
export function parseSentryTrace(value: string | undefined): SentryTrace | undefined {
  const match =
    value === undefined || value.length > MAX_HEADER_LENGTH ? null : SENTRY_TRACE.exec(value);
  if (match === null) return undefined;
  const [, traceId = "", spanId, flag] = match;
  return { traceId, spanId, sampled: flag === undefined ? undefined : flag === "1" };
}

/** Formats a `sentry-trace` header, with ids in lower case; without a flag if the decision is deferred. */
export function formatSentryTrace(
  traceId: string,
  spanId: string,
  sampled: boolean | undefined,
): string {
  const ids = `${traceId}-${spanId}`.toLowerCase();
  if (sampled === undefined) return ids;
  return `${ids}-${sampled ? "1" : "0"}`;
}

/** A parsed W3C `traceparent` header. */
export interface Traceparent {
  readonly traceId: string;
  readonly spanId: string;
  /** Trace flags: 1 sampled, 2 random trace id. Other bits are cleared. */
  readonly flags: number;
}

// https://www.w3.org/TR/trace-context/#traceparent-header : version `ff` is invalid, and so are ids of all zeros.
// The last group includes trailing white space: `.*` followed by `[ \t]*` would take quadratic time.
const TRACEPARENT =
  /^[ \t]*(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:[ \t]*|(-.*))$/;

// Undefined flags are cleared, because a later version may give them a meaning.
const KNOWN_FLAGS = 0b11;

/**
 * Parses a `traceparent` header; returns `undefined` if it is absent or malformed. Later versions than `00` may have
 * further fields, which are ignored.
 */
export function parseTraceparent(value: string | undefined): Traceparent | undefined {
  const match =
    value === undefined || value.length > MAX_HEADER_LENGTH ? null : TRACEPARENT.exec(value);
  if (match === null) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = match;
  if (version === "00" && more !== undefined) return undefined;
  return { traceId, spanId, flags: parseInt(flags, 16) & KNOWN_FLAGS };
}

/** Formats a `traceparent` header of version `00`, with ids in lower case. */
export function formatTraceparent(traceId: string, spanId: string, flags: number): string {
  return `00-${traceId}-${spanId}-0${flags & KNOWN_FLAGS}`.toLowerCase();
}

/** The rule by which a service continues incoming traces. */
export interface ContinuationRule {
  /** The service's Sentry organization; `undefined` if it is unknown. */
  readonly orgId: string | undefined;
  /** Strict mode: both sides must name the same organization. */
  readonly isStrict: boolean;
}

/**
 * Tells whether an incoming trace is continued. It is not if both organizations are known and differ, or, in strict
 * mode, if only one is known (https://develop.sentry.dev/sdk/foundations/trace-propagation/).
 */
export function mayContinue(incomingOrgId: string | undefined, rule: ContinuationRule): boolean {
  if (incomingOrgId !== undefined && rule.orgId !== undefined) return incomingOrgId === rule.orgId;
  return !rule.isStrict || incomingOrgId === rule.orgId;
}
