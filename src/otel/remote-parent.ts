import { TraceFlags, createTraceState } from "@opentelemetry/api";
import type { SpanContext } from "@opentelemetry/api";

import { sentryMembers } from "../trace/baggage.js";
import type { DynamicSamplingContext, IncomingTrace, Traceparent } from "../trace/headers.js";
import { parseSentryTrace, parseTraceparent } from "../trace/headers.js";
import { validMembers } from "../trace/dsc.js";
import type { CarrierReader } from "./carrier.js";

/** The sender's span, and what it says about the trace. */
export interface RemoteParent {
  readonly span: SpanContext;
  readonly incoming: IncomingTrace;
}

type Members = DynamicSamplingContext | undefined;

/** The parent that a carrier names: by `sentry-trace`, else by `traceparent`; `undefined` when by neither. */
export function readRemoteParent(headers: CarrierReader): RemoteParent | undefined {
  const w3c = parseTraceparent(headers.first("traceparent"));
  const sentry = parseSentryTrace(headers.first("sentry-trace"));
  const members = (): Members => validMembers(sentryMembers(headers.joined("baggage")));
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

// Frozen too: a Sentry SDK that sends none wants none added.
const NO_MEMBERS: DynamicSamplingContext = Object.freeze({});

/**
 * A service between that speaks W3C only passes `traceparent` and `baggage` on and drops
 * `sentry-trace`. The members are still those of this trace if they name it; else they are stale.
 * With them comes Sentry's decision: the flag is only that of the pipeline.
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
 * Without a decision the flag is 1: a parent-based sampler takes 0 for a refusal, and nothing would
 * be recorded that we could decide about. `IncomingTrace.sampled` keeps the truth. What only Sentry
 * has refused is recorded for others, if the W3C header says so; the other flags are that header's.
 */
function flagsOf(sampled: boolean | undefined, w3c: Traceparent | undefined): number {
  const flags = w3c?.flags ?? 0;
  return sampled === false ? flags : flags | TraceFlags.SAMPLED;
}

function withTraceState(span: SpanContext, headers: CarrierReader | undefined): SpanContext {
  const text = headers?.joined("tracestate");
  return text === undefined ? span : { ...span, traceState: createTraceState(text) };
}
