import { TraceFlags, createTraceState } from "@opentelemetry/api";
import type { SpanContext } from "@opentelemetry/api";

import { sentryMembers } from "../trace/baggage.js";
import type { DynamicSamplingContext, IncomingTrace, Traceparent } from "../trace/headers.js";
import { parseSentryTrace, parseTraceparent } from "../trace/headers.js";
import { validFields } from "../trace/dsc.js";
import type { CarrierReader } from "./carrier.js";

/** The span of the sender, and its data about the trace. */
export interface RemoteParent {
  readonly span: SpanContext;
  readonly incoming: IncomingTrace;
}

type Members = DynamicSamplingContext | undefined;

/** Reads the remote parent from `sentry-trace`, else from `traceparent`; undefined if neither is valid. */
export function readRemoteParent(headers: CarrierReader): RemoteParent | undefined {
  const w3c = parseTraceparent(headers.first("traceparent"));
  const sentry = parseSentryTrace(headers.first("sentry-trace"));
  const members = (): Members => validFields(sentryMembers(headers.joined("baggage")));
  if (sentry?.spanId !== undefined) {
    const sameTrace = w3c?.traceId === sentry.traceId ? w3c : undefined;
    const traceFlags = flagsOf(sentry.sampled, sameTrace);
    const span = { traceId: sentry.traceId, spanId: sentry.spanId, traceFlags, isRemote: true };
    const { traceId, sampled } = sentry;
    return {
      span: withTraceState(span, sameTrace === undefined ? undefined : headers),
      incoming: { traceId, sampled, dsc: members() ?? NO_MEMBERS },
    };
  }
  return w3c === undefined ? undefined : w3cParent(w3c, members(), headers);
}

// An empty sampling context is final as well: nothing may be added to the trace of a Sentry SDK that sends no members.
const NO_MEMBERS: DynamicSamplingContext = Object.freeze({});

/**
 * A service in between that supports W3C headers only forwards `baggage` but drops `sentry-trace`. The `sentry-`
 * members belong to this trace if they have its id; otherwise they are stale. Valid members contain Sentry's decision,
 * while the flag is only that of the OTel pipeline.
 */
function w3cParent(w3c: Traceparent, members: Members, headers: CarrierReader): RemoteParent {
  const { traceId, spanId, flags } = w3c;
  const dsc = members?.["trace_id"] === traceId ? members : undefined;
  const sampled = dsc === undefined ? (flags & TraceFlags.SAMPLED) !== 0 : decisionOf(dsc);
  return {
    span: withTraceState({ traceId, spanId, traceFlags: flags, isRemote: true }, headers),
    incoming: { traceId, sampled, dsc },
  };
}

function decisionOf({ sampled }: DynamicSamplingContext): boolean | undefined {
  if (sampled === "true") return true;
  return sampled === "false" ? false : undefined;
}

/**
 * For a deferred decision, the flag is 1: a parent-based sampler takes 0 as a refusal and would record nothing to
 * decide about. `IncomingTrace.sampled` keeps the deferred state. If only Sentry has refused the trace, the flags of
 * `traceparent` apply, so that other backends still receive it.
 */
function flagsOf(sampled: boolean | undefined, w3c: Traceparent | undefined): number {
  const flags = w3c?.flags ?? 0;
  return sampled === false ? flags : flags | TraceFlags.SAMPLED;
}

function withTraceState(span: SpanContext, headers: CarrierReader | undefined): SpanContext {
  const text = headers?.joined("tracestate");
  return text === undefined ? span : { ...span, traceState: createTraceState(text) };
}
