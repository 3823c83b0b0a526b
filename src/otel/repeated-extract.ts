import { context, isSpanContextValid, trace } from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";

import type { SpanIdentity } from "../trace/span.js";
import { readContextScopes, scopesOf, unitOfSpan } from "../context/scope-context.js";

/** The remote span that a carrier names. */
export interface CarrierParent {
  readonly span: SpanIdentity;
  /** True if its trace may be continued here. */
  readonly isContinued: boolean;
}

/**
 * The context in which a request goes on whose headers are read again, as the middleware of a framework does
 * inside of an instrumented server: with the request's own span active, in its unit of work. `undefined` where
 * the carrier is that of another request or message. `parent`: what the carrier names, if anything.
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

// A consumer may read, under one span, messages that several senders have sent in its own trace: each is a unit of
// its own. The headers of one HTTP request are those of that request.
function isSameRequest(
  ctx: Context,
  own: SpanIdentity,
  { span: { traceId, spanId }, isContinued }: CarrierParent,
): boolean {
  const { request, senderSpanId } = scopesOf(ctx).unit;
  if (spanId === senderSpanId) return true;
  if (!isContinued || traceId !== own.traceId) return false;
  return request !== undefined || senderSpanId === undefined || spanId === own.spanId;
}

/**
 * The local span of a context. A propagator that read the carrier before this one has put the sender's span in
 * its place: then that of the active context, if the given one was made from it.
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

// A span that has ended counts where it was in a request: a server that began to listen inside a start-up span has that
// one active in all of its requests. One that was not sampled counts where the context carries a unit of work.
function isOwn(span: Span | undefined, ctx: Context): span is Span {
  if (span === undefined || !isSpanContextValid(span.spanContext())) return false;
  if (span.isRecording()) return true;
  const unit = unitOfSpan(span);
  return unit === undefined ? readContextScopes(ctx) !== undefined : unit.request !== undefined;
}
