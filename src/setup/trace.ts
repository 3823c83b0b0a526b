import { context, defaultTextMapGetter, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { environmentWithTrace, traceFromEnvironment } from "../options/env.js";
import type { Environment } from "../options/env.js";
import { ownEntries } from "../support/foreign.js";
import { runInContext } from "../context/bound-iteration.js";
import { startingNewTrace } from "../context/scope-context.js";
import { withoutTracing as suppressed } from "../context/suppress-tracing.js";
import { SentryPropagator } from "./otel-parts.js";

/** Headers that carry a trace. */
export type TraceHeaderName = "baggage" | "sentry-trace" | "traceparent" | "tracestate";

/** The headers of a trace, by name; fits `fetch`, `new Headers()` and `Record<string, string>`. */
export type TraceHeaders = Readonly<Partial<Record<TraceHeaderName, string>>>;

/** Headers that a trace is read from; others in the same object are not looked at. */
export type IncomingTraceHeaders = Readonly<Partial<Record<TraceHeaderName, string | undefined>>>;

const propagator = new SentryPropagator();

/**
 * Runs `fn` as a unit of work that continues the trace of a sender: for messages and jobs that no
 * instrumentation reads the headers of. Without usable headers it is the unit of a new trace. Returns
 * what `fn` returns, throws what it throws.
 */
export function continueTrace<T>(headers: IncomingTraceHeaders, fn: () => T): T {
  const outside = trace.deleteSpan(context.active());
  return runInContext(propagator.extract(outside, headers, defaultTextMapGetter), fn);
}

/**
 * Runs `fn` outside of the trace that is active: spans that start in it begin traces of their own. The
 * unit of work, with its user and tags, stays.
 */
export function startNewTrace<T>(fn: () => T): T {
  return runInContext(startingNewTrace(context.active()), fn);
}

/**
 * The headers that continue the trace of a context (default: the active one); none without a span in it. Also exported
 * as `getTraceData`, its name in Sentry's SDKs.
 */
export function getTraceHeaders(ctx: Context = context.active()): TraceHeaders {
  const headers: Record<string, string> = {};
  propagator.inject(ctx, headers, {
    set: (_carrier, name, value) => {
      headers[name] = value;
    },
  });
  return headers;
}

// More than a trace has, and more than a header may have.
const MAX_META_TAGS = 20;
const MAX_META_LENGTH = 8192;

/**
 * The headers of the active trace as HTML `<meta>` elements, for the head of a page whose browser SDK is to continue the
 * trace; empty without a span. Names and values are escaped. `headers` default to `getTraceHeaders()`.
 */
export function getTraceMetaTags(headers: IncomingTraceHeaders = getTraceHeaders()): string {
  return ownEntries<unknown>(headers, MAX_META_TAGS)
    .filter((entry): entry is [string, string] => typeof entry[1] === "string")
    .map(([name, value]) => `<meta name="${escaped(name)}" content="${escaped(value)}"/>`)
    .join("");
}

// A sender decides what is in `baggage`.
function escaped(text: string): string {
  return text
    .slice(0, MAX_META_LENGTH)
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** Runs `fn` without tracing: no spans start in it, and no headers are written. */
export function suppressTracing<T>(fn: () => T): T {
  return runInContext(suppressed(context.active()), fn);
}

/**
 * The environment for a child process or a worker thread that is to continue the active trace
 * (`spawn(file, args, { env: traceEnvironment() })`, `new Worker(file, { env: traceEnvironment() })`):
 * a copy of `env` (default: that of this process) with `SENTRY_TRACE`, `SENTRY_BAGGAGE` and `TRACEPARENT`.
 */
export function traceEnvironment(env?: Environment): Environment {
  return environmentWithTrace(getTraceHeaders(), env);
}

/** `continueTrace` with what `traceEnvironment` has written, in the process or the thread that was started. */
export function continueTraceFromEnvironment<T>(fn: () => T): T {
  return continueTrace(traceFromEnvironment(), fn);
}
