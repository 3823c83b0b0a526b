import { ROOT_CONTEXT, context, defaultTextMapGetter, trace } from "@opentelemetry/api";
import type { Context, SpanContext } from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";

import { SentryPropagator, getIsolationScope } from "../../src/index.js";

const propagator = new SentryPropagator();

/** The context of an incoming request with the given headers. */
export function extracted(
  headers: Readonly<Record<string, string>> = {},
  ctx: Context = ROOT_CONTEXT,
): Context {
  return propagator.extract(ctx, headers, defaultTextMapGetter);
}

/** A context in which a span of the given trace is active that does not record. */
export function unrecorded(traceId: string): Context {
  const span: SpanContext = { traceId, spanId: "00f067aa0ba902b7", traceFlags: 0 };
  return trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(span));
}

/** A trace id with the given number in it. */
export function traceIdOf(count: number): string {
  return `e${count.toString(16).padStart(31, "0")}`;
}

/** The user that is seen in a context. */
export function userIn(ctx: Context): unknown {
  return getIsolationScope(ctx).data.user?.id;
}

/** Runs what must make no spans. */
export function suppressed<T>(fn: () => T): T {
  return context.with(suppressTracing(context.active()), fn);
}
