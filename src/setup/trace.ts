import { context, defaultTextMapGetter, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { environmentWithTrace, traceFromEnvironment } from "../options/env.js";
import type { Environment } from "../options/env.js";
import { ownEntries } from "../support/foreign.js";
import { runInContext } from "../context/bound-iteration.js";
import { withoutTrace } from "../context/scope-context.js";
import { withoutTracing as suppressed } from "../context/suppress-tracing.js";
import type { IncomingTraceHeaders, TraceHeaders } from "../trace/headers.js";
import { SentryPropagator } from "./otel-classes.js";

const propagator = new SentryPropagator();

/**
 * Runs `fn` in a new unit of work that continues the trace of a sender, for messages and jobs without an instrumentation.
 * Without valid headers it starts a new trace. Returns and throws what `fn` does.
 */
export function continueTrace<T>(headers: IncomingTraceHeaders, fn: () => T): T {
  const outside = trace.deleteSpan(context.active());
  return runInContext(propagator.extract(outside, headers, defaultTextMapGetter), fn);
}

/**
 * Runs `fn` outside of the active trace: each root span in it starts a new trace. The unit of work, with its user and
 * tags, stays the same. Returns and throws what `fn` does.
 */
export function startNewTrace<T>(fn: () => T): T {
  return runInContext(withoutTrace(context.active()), fn);
}

/**
 * Returns the headers that continue the trace of a context (default: the active context); empty without a span. Also
 * exported as `getTraceData`, its name in Sentry's SDKs.
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

// More than the number of trace headers and the size of the largest valid header.
const MAX_META_TAGS = 20;
const MAX_META_LENGTH = 8192;

/**
 * Returns the trace headers as HTML `<meta>` elements for the head of a page, so that Sentry's browser SDK continues the
 * trace; empty without a span. Names and values are escaped. `headers` defaults to `getTraceHeaders()`.
 */
export function getTraceMetaTags(headers: IncomingTraceHeaders = getTraceHeaders()): string {
  return ownEntries<unknown>(headers, MAX_META_TAGS)
    .filter((entry): entry is [string, string] => isHeaderText(entry[1]))
    .map(([name, value]) => `<meta name="${escaped(name)}" content="${escaped(value)}"/>`)
    .join("");
}

// Far more than is read of any header.
const MAX_HEADER_LENGTH = 65_536;

function isHeaderText(value: unknown): boolean {
  return typeof value === "string" && value.length <= MAX_HEADER_LENGTH;
}

// `baggage` contains values from other services.
function escaped(text: string): string {
  return text
    .slice(0, MAX_META_LENGTH)
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** Runs `fn` without tracing: no spans are recorded and no headers are written. Returns and throws what `fn` does. */
export function suppressTracing<T>(fn: () => T): T {
  return runInContext(suppressed(context.active()), fn);
}

/**
 * Returns the environment for a child process or a worker thread that continues the active trace:
 * `spawn(file, args, { env: traceEnvironment() })`, `new Worker(file, { env: traceEnvironment() })`. It is a copy of
 * `env` (default: `process.env`) with `SENTRY_TRACE`, `SENTRY_BAGGAGE` and `TRACEPARENT`.
 */
export function traceEnvironment(env?: Environment): Environment {
  return environmentWithTrace(getTraceHeaders(), env);
}

/** Runs `fn` like `continueTrace`, with the trace that `traceEnvironment` has set in the environment of this process or thread. */
export function continueTraceFromEnvironment<T>(fn: () => T): T {
  return continueTrace(traceFromEnvironment(), fn);
}
