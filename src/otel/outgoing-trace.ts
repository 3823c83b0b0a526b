import { TraceFlags, diag, propagation, trace } from "@opentelemetry/api";
import type { Context, Span, SpanContext } from "@opentelemetry/api";

import { createDiagnostics } from "../support/diagnostics.js";
import { baggageMember, mergeBaggage, parseBaggage } from "../trace/baggage.js";
import { continuedDsc } from "../trace/dsc.js";
import type { DynamicSamplingContext, IncomingTrace, PropagatedTrace } from "../trace/headers.js";
import { sampleRandOf } from "../trace/sample-rand.js";
import { readContextScopes } from "../context/scope-context.js";

const diagnostics = createDiagnostics(diag);

/** Returns the dynamic sampling context of a trace that starts in this process. */
type DscSource = (traceId: string, spanContext: SpanContext) => DynamicSamplingContext | undefined;

/** Returns the segment of a span that a span processor has seen; undefined for other spans. */
type SegmentSource = (span: Span) => PropagatedTrace | undefined;

/** Functions by which the propagator finds the data of a trace. */
export interface TraceSources {
  readonly segmentSource?: SegmentSource | undefined;
  readonly dscSource?: DscSource | undefined;
}

/**
 * Returns the decision about the span's segment and the sampling context of its transaction. If no processor has seen
 * the span, returns those of the incoming trace, else those that `dscSource` returns.
 */
export function outgoingTrace(
  ctx: Context,
  span: SpanContext,
  { segmentSource, dscSource }: TraceSources,
): PropagatedTrace {
  const segment = askSegment(segmentSource, trace.getSpan(ctx));
  if (segment !== undefined) {
    return { sampled: isSampled(span) && segment.sampled, dsc: segment.dsc };
  }
  const known = readContextScopes(ctx)?.incoming;
  const incoming = known?.traceId === span.traceId ? known : undefined;
  const dsc =
    incoming?.dsc === undefined ? askSource(dscSource, span) : passedOn(incoming.dsc, incoming);
  return { sampled: sentDecision(span, incoming, dsc), dsc };
}

/**
 * Builds the `baggage` header: the members that the carrier already has, then the OTel baggage of the context unless
 * `W3CBaggagePropagator` has written it, then the dynamic sampling context. Other `sentry-` members are stale and are
 * removed.
 */
export function outgoingBaggage(
  ctx: Context,
  present: string | undefined,
  dsc: DynamicSamplingContext = {},
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

/** Reads the sampled flag of a span context. */
export function isSampled(span: SpanContext): boolean {
  return (span.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/**
 * Returns the decision for the outgoing header. A remote span is passed on with its sender's decision, even a deferred
 * one. A local span is sampled if OTel samples it and Sentry has not dropped it; in a pipeline that records everything,
 * the trace flag alone says nothing about Sentry.
 */
function sentDecision(
  span: SpanContext,
  incoming: IncomingTrace | undefined,
  dsc: DynamicSamplingContext,
): boolean | undefined {
  if (incoming !== undefined && span.isRemote === true) return incoming.sampled;
  // A sender that supports W3C headers only has decided for its own pipeline, not for Sentry.
  const decided = incoming?.dsc === undefined ? undefined : incoming.sampled;
  const refused = decided === undefined ? dsc["sampled"] === "false" : !decided;
  return isSampled(span) && !refused;
}

// Adds `sample_rand` if the sender sent none, because the receiver must decide by the same value as this process.
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
    diagnostics.warnOnce(
      "segment",
      "the sampling decision of a span could not be read; its trace headers contain OpenTelemetry's sampled flag instead",
      error,
    );
    return undefined;
  }
}

function askSource(source: DscSource | undefined, span: SpanContext): DynamicSamplingContext {
  try {
    return source?.(span.traceId, span) ?? {};
  } catch (error) {
    diagnostics.warnOnce(
      "dsc",
      "the dynamic sampling context could not be read; the trace headers are sent without it",
      error,
    );
    return {};
  }
}
