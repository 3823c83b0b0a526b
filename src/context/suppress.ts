import { ROOT_CONTEXT, context, createContextKey } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

// The key of `@opentelemetry/core`, by its name: `createContextKey` is `Symbol.for`, and core is no peer.
const KEY = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** A context in which the SDK starts no recording spans and propagators write no headers. */
export function withoutTracing(ctx: Context): Context {
  return ctx.setValue(KEY, true);
}

/** Whether tracing is suppressed in a context, by this package or by any other. */
export function isTracingSuppressed(ctx: Context): boolean {
  return ctx.getValue(KEY) === true;
}

/**
 * Runs what writes a message where tracing is not suppressed: OpenTelemetry's SDK logs each span that a logger starts
 * there, which starts the next one.
 */
export function runTraced<T>(fn: () => T): T {
  return isTracingSuppressed(context.active()) ? context.with(ROOT_CONTEXT, fn) : fn();
}

const DETACHED = withoutTracing(ROOT_CONTEXT);

/**
 * Runs the bridge's own work: it makes no spans, and what it leaves behind (timers, sockets) keeps
 * no request's context alive.
 */
export function runDetached<T>(fn: () => T): T {
  return context.with(DETACHED, fn);
}
