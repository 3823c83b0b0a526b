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
import { isPropagationTarget } from "./propagation-policy.js";
import type { PropagationPolicy } from "./propagation-policy.js";
import { readRemoteParent } from "./remote-parent.js";
import type { RemoteParent } from "./remote-parent.js";
import { contextOfSameRequest } from "./repeated-extract.js";
import { isTracingSuppressed } from "../context/suppress-tracing.js";

// Logs each kind once: a logger may send the message over HTTP, which calls `inject` again.
const diagnostics = createDiagnostics(diag);

const UNREADABLE = "the trace headers of a request could not be read, so it starts a new trace";

/** Options of `TracePropagator`. */
export interface TracePropagatorOptions extends TraceSources {
  /** Returns the policy of the client. Called each time, because the client may be created later. */
  readonly policy?: () => PropagationPolicy | undefined;
}

/**
 * Continues traces across services by `sentry-trace`, `traceparent` and the `sentry-` members of `baggage`, and starts a
 * unit of work with scopes of its own for each incoming request or message.
 *
 * In a composite propagator put it last: `W3CBaggagePropagator` overwrites the whole `baggage` header, and
 * `W3CTraceContextPropagator` the parent from `sentry-trace`.
 */
export class TracePropagator implements TextMapPropagator<unknown> {
  readonly #sources: TraceSources;
  readonly #policy: () => PropagationPolicy | undefined;

  /** @internal */
  constructor(options: TracePropagatorOptions = {}) {
    this.#sources = options;
    this.#policy = options.policy ?? (() => undefined);
  }

  /**
   * Returns a context with a new unit of work and, if the carrier has one, the span of the sender. If the headers of a
   * request are extracted again inside of that request, returns the context of the request. Never throws.
   */
  extract(ctx: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    try {
      return this.#read(ctx, new CarrierReader(carrier, getter));
    } catch (error) {
      diagnostics.warnOnce("extract", UNREADABLE, error);
      return forkForIncoming(ROOT_CONTEXT, undefined, undefined);
    }
  }

  /**
   * Writes the trace headers for the span of the given context. Writes nothing without a valid span, while tracing is
   * suppressed, for a request outside of `tracePropagationTargets`, or if the carrier already has `sentry-trace`. Never
   * throws.
   */
  inject(ctx: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    try {
      const span = trace.getSpanContext(ctx);
      if (span === undefined || !isSpanContextValid(span) || isTracingSuppressed(ctx)) return;
      this.#write(ctx, span, { carrier, setter });
    } catch (error) {
      diagnostics.warnOnce(
        "inject",
        "trace headers could not be written, so the receiver starts a new trace",
        error,
      );
    }
  }

  /** Returns the names of the headers that `inject` writes. */
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
    if (policy !== undefined && !isPropagationTarget(trace.getSpan(ctx), policy)) return;
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
    diagnostics.warnOnce("extract", UNREADABLE, error);
    return undefined;
  }
}

// Returns the incoming trace for a carrier without Sentry headers: that of the context, or the one that another
// propagator has extracted from its own headers.
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
  // Another propagator has extracted a remote span. It is removed for the fork, which would otherwise look up its unit
  // of work, as for a non-recording local span.
  const forked = forkForIncoming(trace.deleteSpan(ctx), incoming, senderSpanId);
  const span = trace.getSpan(ctx);
  return span !== undefined && (parent === undefined || isSameSpan(read, parent.span))
    ? trace.setSpan(forked, span)
    : withSpan(forked, parent);
}

// Starts a new trace, without the remote span that another propagator may have extracted.
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
