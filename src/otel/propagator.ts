import { ROOT_CONTEXT, diag, isSpanContextValid, trace } from "@opentelemetry/api";
import type {
  Context,
  SpanContext,
  TextMapGetter,
  TextMapPropagator,
  TextMapSetter,
} from "@opentelemetry/api";

import { createDiagnostics } from "../support/diagnostics.js";
import { formatSentryTrace, formatTraceparent, mayContinue } from "../trace/headers.js";
import type { IncomingTrace } from "../trace/headers.js";
import { CarrierReader, presentHeader } from "./carrier.js";
import { forkForIncoming, readContextScopes } from "../context/scope-context.js";
import { isSampled, outgoingBaggage, outgoingTrace } from "./outgoing-trace.js";
import type { TraceSources } from "./outgoing-trace.js";
import { isTarget } from "./propagation-policy.js";
import type { PropagationPolicy } from "./propagation-policy.js";
import { readRemoteParent } from "./remote-parent.js";
import type { RemoteParent } from "./remote-parent.js";
import { contextOfSameRequest } from "./repeated-extract.js";
import { isTracingSuppressed } from "../context/suppress-tracing.js";

// Once per kind: a logger may send what it gets over HTTP, which comes to `inject` again.
const diagnostics = createDiagnostics(diag);

/** Options of `TracePropagator`. */
export interface TracePropagatorOptions extends TraceSources {
  /** What the options of the client say; asked each time, since it may be made later. */
  readonly policy?: () => PropagationPolicy | undefined;
}

/**
 * Continues traces across services by `sentry-trace`, `traceparent` and the `sentry-` members of
 * `baggage`, and makes each incoming request or message a unit of work with scopes of its own.
 *
 * Next to W3C propagators, put it last. They overwrite: `W3CBaggagePropagator` the whole `baggage`
 * header, `W3CTraceContextPropagator` the parent that `sentry-trace` names.
 */
export class TracePropagator implements TextMapPropagator<unknown> {
  readonly #sources: TraceSources;
  readonly #policy: () => PropagationPolicy | undefined;

  constructor(options: TracePropagatorOptions = {}) {
    this.#sources = options;
    this.#policy = options.policy ?? (() => undefined);
  }

  /**
   * A context with a unit of its own and, if the carrier names one, the sender's span. Headers that are read
   * again inside of their request give the context of that request. Never throws.
   */
  extract(ctx: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    try {
      return this.#read(ctx, new CarrierReader(carrier, getter));
    } catch (error) {
      diagnostics.warnOnce("extract", "trace headers could not be read", error);
      return forkForIncoming(ROOT_CONTEXT, undefined, undefined);
    }
  }

  /**
   * Writes the span of the given context, active or not. Writes nothing without a span, while tracing
   * is suppressed, or over a `sentry-trace` that the carrier has. Never throws.
   */
  inject(ctx: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    try {
      const span = trace.getSpanContext(ctx);
      if (span === undefined || !isSpanContextValid(span) || isTracingSuppressed(ctx)) return;
      this.#write(ctx, span, { carrier, setter });
    } catch (error) {
      diagnostics.warnOnce("inject", "trace headers could not be written", error);
    }
  }

  /** Names of the headers that `inject` writes. */
  fields(): string[] {
    return ["sentry-trace", "baggage", "traceparent", "tracestate"];
  }

  #read(ctx: Context, headers: CarrierReader): Context {
    const parent = readParent(headers);
    const isContinued = parent === undefined || this.#mayContinue(parent);
    const span = parent?.span ?? remoteSpanOf(ctx);
    const same = contextOfSameRequest(ctx, span && { span, isContinued });
    if (same !== undefined) return same;
    return isContinued ? withParent(ctx, parent) : withoutParent(ctx, span?.spanId);
  }

  #write(ctx: Context, span: SpanContext, { carrier, setter }: Target): void {
    const policy = this.#policy();
    if (policy !== undefined && !isTarget(trace.getSpan(ctx), policy)) return;
    if (presentHeader(carrier, "sentry-trace") !== undefined) return;
    const { traceId, spanId, traceFlags } = span;
    const { sampled, dsc } = outgoingTrace(ctx, span, this.#sources);
    const present = presentHeader(carrier, "baggage");
    const baggage = outgoingBaggage(ctx, present, dsc);
    setter.set(carrier, "sentry-trace", formatSentryTrace(traceId, spanId, sampled));
    setter.set(carrier, "traceparent", formatTraceparent(traceId, spanId, traceFlags));
    const state = span.traceState?.serialize() ?? "";
    if (state !== "") setter.set(carrier, "tracestate", state);
    if (baggage !== (present ?? "")) setter.set(carrier, "baggage", baggage);
  }

  #mayContinue({ incoming }: RemoteParent): boolean {
    const policy = this.#policy();
    return policy === undefined || mayContinue(incoming.dsc?.["org_id"], policy.continuation);
  }
}

interface Target {
  readonly carrier: unknown;
  readonly setter: TextMapSetter<unknown>;
}

function readParent(headers: CarrierReader): RemoteParent | undefined {
  try {
    return readRemoteParent(headers);
  } catch (error) {
    diagnostics.warnOnce("extract", "trace headers could not be read", error);
    return undefined;
  }
}

// What is known of the trace when the carrier says nothing: its sender, or what another propagator
// has made of headers that are not read here.
function knownTrace(ctx: Context): IncomingTrace | undefined {
  const known = readContextScopes(ctx)?.incoming;
  const span = remoteSpanOf(ctx);
  if (span === undefined || known?.traceId === span.traceId) return known;
  return { traceId: span.traceId, sampled: isSampled(span), dsc: undefined };
}

function withParent(ctx: Context, parent: RemoteParent | undefined): Context {
  const incoming = parent?.incoming ?? knownTrace(ctx);
  const read = remoteSpanOf(ctx);
  const senderSpanId = parent?.span.spanId ?? read?.spanId;
  if (read === undefined) return withSpan(forkForIncoming(ctx, incoming, senderSpanId), parent);
  // Another propagator has read this carrier before. Its span is nobody's here: the fork must not
  // look up a unit by it, as it does for a local span that does not record.
  const forked = forkForIncoming(trace.deleteSpan(ctx), incoming, senderSpanId);
  const span = trace.getSpan(ctx);
  return span !== undefined && (parent === undefined || isSameSpan(read, parent.span))
    ? trace.setSpan(forked, span)
    : withSpan(forked, parent);
}

// A unit of its own, and a new trace: also what another propagator has read of the carrier is gone.
function withoutParent(ctx: Context, senderSpanId: string | undefined): Context {
  const outside = remoteSpanOf(ctx) === undefined ? ctx : trace.deleteSpan(ctx);
  return forkForIncoming(outside, undefined, senderSpanId);
}

function withSpan(ctx: Context, parent: RemoteParent | undefined): Context {
  return parent === undefined ? ctx : trace.setSpanContext(ctx, parent.span);
}

function remoteSpanOf(ctx: Context): SpanContext | undefined {
  const span = trace.getSpanContext(ctx);
  return span?.isRemote === true ? span : undefined;
}

function isSameSpan(one: SpanContext, other: SpanContext): boolean {
  return (
    one.spanId === other.spanId &&
    one.traceId === other.traceId &&
    one.traceFlags === other.traceFlags
  );
}
