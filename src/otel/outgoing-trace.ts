import { TraceFlags, diag, propagation, trace } from "@opentelemetry/api";
import type { Context, Span, SpanContext } from "@opentelemetry/api";

import { createDiagnostics } from "../support/diagnostics.js";
import { baggageMember, mergeBaggage, parseBaggage } from "../trace/baggage.js";
import { continuedDsc } from "../trace/dsc.js";
import type { DynamicSamplingContext, IncomingTrace } from "../trace/headers.js";
import { sampleRandOf } from "../trace/sample-rand.js";
import { readContextScopes } from "../context/scope-context.js";

const diagnostics = createDiagnostics(diag);

/** Knows the dynamic sampling context of a trace that starts in this process. */
export type DscSource = (
  traceId: string,
  spanContext: SpanContext,
) => DynamicSamplingContext | undefined;

/** Knows the segment of a span that a processor has seen start. */
export type SegmentSource = (
  span: Span,
) => { readonly sampled: boolean; readonly dsc: DynamicSamplingContext | undefined } | undefined;

/** Who is asked about a trace. */
export interface TraceSources {
  readonly segmentSource?: SegmentSource | undefined;
  readonly dscSource?: DscSource | undefined;
}

/** What is sent on about a trace, besides the span's identity. */
export interface OutgoingTrace {
  /** `undefined`: the decision is the receiver's. */
  readonly sampled: boolean | undefined;
  /** Without members when there is nothing to say. */
  readonly dsc: DynamicSamplingContext;
}

/**
 * What the span's segment says: the decision that was taken about it, and the sampling context that
 * its transaction has. Where no processor has seen the span, the sender's, else that of `dscSource`.
 */
export function outgoingTrace(
  ctx: Context,
  span: SpanContext,
  { segmentSource, dscSource }: TraceSources,
): OutgoingTrace {
  const segment = askSegment(segmentSource, trace.getSpan(ctx));
  if (segment !== undefined) {
    return { sampled: isSampled(span) && segment.sampled, dsc: segment.dsc ?? {} };
  }
  const known = readContextScopes(ctx)?.incoming;
  const incoming = known?.traceId === span.traceId ? known : undefined;
  const dsc =
    incoming?.dsc === undefined ? askSource(dscSource, span) : passedOn(incoming.dsc, incoming);
  return { sampled: sentDecision(span, incoming, dsc), dsc };
}

/**
 * The `baggage` header: what the carrier has, then the OpenTelemetry baggage of the context unless
 * `W3CBaggagePropagator` has written it there, then the dynamic sampling context. `sentry-` members
 * from elsewhere are stale: the trace is ours to name.
 */
export function outgoingBaggage(
  ctx: Context,
  present: string | undefined,
  dsc: DynamicSamplingContext,
): string {
  const entries = propagation.getBaggage(ctx)?.getAllEntries() ?? [];
  if (entries.length === 0) return mergeBaggage(present, dsc);
  const members = present === undefined ? [] : parseBaggage(present);
  const keys = new Set(members.map((member) => member.key));
  for (const [key, { value, metadata }] of entries) {
    if (!keys.has(key)) members.push(baggageMember(key, value, metadata?.toString()));
  }
  return mergeBaggage(members.map((member) => member.text).join(","), dsc);
}

/** Whether a span's trace flags say that it is recorded. */
export function isSampled(span: SpanContext): boolean {
  return (span.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/**
 * A sender's own span is passed on with the sender's decision, even with none. A local span is
 * sampled if OpenTelemetry records it and Sentry has not refused: where the pipeline records all, the
 * trace flag says nothing about Sentry.
 */
function sentDecision(
  span: SpanContext,
  incoming: IncomingTrace | undefined,
  dsc: DynamicSamplingContext,
): boolean | undefined {
  if (incoming !== undefined && span.isRemote === true) return incoming.sampled;
  // A sender that speaks W3C only has decided for its own pipeline, not for Sentry's.
  const decided = incoming?.dsc === undefined ? undefined : incoming.sampled;
  const refused = decided === undefined ? dsc["sampled"] === "false" : !decided;
  return isSampled(span) && !refused;
}

// The receiver must decide by the same `sample_rand` as this process does, also if the sender has none.
function passedOn(dsc: DynamicSamplingContext, incoming: IncomingTrace): DynamicSamplingContext {
  return continuedDsc(dsc, { sampleRand: sampleRandOf(incoming.traceId, incoming) });
}

function askSegment(
  source: SegmentSource | undefined,
  span: Span | undefined,
): ReturnType<SegmentSource> {
  if (source === undefined || span === undefined) return undefined;
  try {
    return source(span);
  } catch (error) {
    diagnostics.warnOnce("segment", "the segment of a span could not be asked", error);
    return undefined;
  }
}

function askSource(source: DscSource | undefined, span: SpanContext): DynamicSamplingContext {
  try {
    return source?.(span.traceId, span) ?? {};
  } catch (error) {
    diagnostics.warnOnce("dsc", "the source of the dynamic sampling context failed", error);
    return {};
  }
}
