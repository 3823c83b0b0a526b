import { context, isSpanContextValid, trace } from "@opentelemetry/api";
import type { Context, Span, SpanContext } from "@opentelemetry/api";

import { readContextScopes, scopesOf, unitOfSpan } from "../context/scope-context.js";

/** The remote span in a carrier. */
interface CarrierParent {
  readonly span: SpanContext;
  /** True if the trace may be continued here. */
  readonly isContinued: boolean;
}

/**
 * Returns the context of the current request if its headers are extracted a second time, for example by the middleware
 * of a framework inside an instrumented server: with the span of the request active, in its unit of work. Returns
 * undefined if the carrier belongs to another request or message. `parent` is the remote span in the carrier, if any.
 */
export function contextOfSameRequest(
  ctx: Context,
  parent: CarrierParent | undefined,
): Context | undefined {
  const span = ownSpan(ctx);
  if (span === undefined) return undefined;
  const restored = trace.getSpan(ctx) === span ? ctx : trace.setSpan(ctx, span);
  return parent === undefined || isSameRequest(restored, span.spanContext(), parent)
    ? restored
    : undefined;
}

// A consumer may receive, under one span, messages that several senders sent in its own trace; each message is a unit
// of work. In an HTTP request, headers of the same trace belong to the request itself.
function isSameRequest(
  ctx: Context,
  own: SpanContext,
  { span: { traceId, spanId }, isContinued }: CarrierParent,
): boolean {
  const { request, senderSpanId } = scopesOf(ctx).unit;
  if (spanId === senderSpanId) return true;
  if (!isContinued || traceId !== own.traceId) return false;
  return request !== undefined || senderSpanId === undefined || spanId === own.spanId;
}

/**
 * Returns the local span of a context. If another propagator has replaced it with the remote span, returns the span of
 * the active context, provided that the given context was derived from that context.
 */
function ownSpan(ctx: Context): Span | undefined {
  const span = trace.getSpan(ctx);
  if (span?.spanContext().isRemote !== true) return isOwn(span, ctx) ? span : undefined;
  const active = context.active();
  const scopes = readContextScopes(ctx);
  if (scopes === undefined || scopes !== readContextScopes(active)) return undefined;
  const hidden = trace.getSpan(active);
  return hidden?.spanContext().isRemote !== true && isOwn(hidden, active) ? hidden : undefined;
}

// An ended span counts only if it belonged to a request: if a server starts to listen inside a start-up span, that span
// is active in all its requests. An unsampled span counts if the context carries a unit of work.
function isOwn(span: Span | undefined, ctx: Context): span is Span {
  if (span === undefined || !isSpanContextValid(span.spanContext())) return false;
  if (span.isRecording()) return true;
  const unit = unitOfSpan(span);
  return unit === undefined ? readContextScopes(ctx) !== undefined : unit.request !== undefined;
}
