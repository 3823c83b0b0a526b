/** What a W3C `traceparent` header says. */
export interface Traceparent {
  readonly traceId: string;
  readonly spanId: string;
  /** The flags that are defined today: 1 sampled, 2 random trace id. */
  readonly flags: number;
}

// https://www.w3.org/TR/trace-context/#traceparent-header : version `ff` is forbidden, and all zeros is no id.
// The further fields take in the white space behind them: with `.*` before `[ \t]*`, time would grow by the square.
const PATTERN =
  /^[ \t]*(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:[ \t]*|(-.*))$/;

// Longer than any version's header; a pattern reads a text of megabytes for milliseconds.
const MAX_LENGTH = 1024;

// Flags without a meaning yet must not be passed on: a later version may give them one.
const KNOWN_FLAGS = 0b11;

/**
 * Parses a `traceparent` header; `undefined` when it is absent or malformed. Versions after `00` may
 * have more fields: what is known of them is read.
 */
export function parseTraceparent(value: string | undefined): Traceparent | undefined {
  const match = value === undefined || value.length > MAX_LENGTH ? null : PATTERN.exec(value);
  if (match === null) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = match;
  if (version === "00" && more !== undefined) return undefined;
  return { traceId, spanId, flags: parseInt(flags, 16) & KNOWN_FLAGS };
}

/** The `traceparent` header, version `00`, for a span. Ids are written in lower case. */
export function formatTraceparent(traceId: string, spanId: string, flags: number): string {
  return `00-${traceId}-${spanId}-0${flags & KNOWN_FLAGS}`.toLowerCase();
}
