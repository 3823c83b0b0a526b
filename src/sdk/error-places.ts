import { context, isSpanContextValid, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { createErrorUnits } from "../capture/error-units.js";
import type { ErrorTrace } from "../client/capture-input.js";
import { scopesOf } from "../otel/scope-context.js";
import type { ContextScopes } from "../otel/context-key.js";

/** The unit of work, and the span, in which an error arose. */
export interface ErrorPlace {
  readonly scopes: ContextScopes;
  readonly trace: ErrorTrace | undefined;
}

// Process-wide like the errors themselves; weak, so that it holds nothing.
const places = createErrorUnits<ErrorPlace>();

/** Where an error was first seen; here and now, if it was not seen before. */
export function placeOfError(error: unknown): ErrorPlace {
  const known = places.recall(error);
  if (known !== undefined) return known;
  const place = placeIn(context.active());
  places.remember(error, place);
  return place;
}

/**
 * Runs `fn`; what it throws or rejects with is remembered to have arisen here, so that a handler
 * which sees it later, in another context, reports the right user, tags and trace.
 */
export function rememberingErrors<T>(fn: () => T): T {
  try {
    return watched(fn());
  } catch (error) {
    placeOfError(error);
    throw error;
  }
}

// Listening on the promise itself would make its rejection count as handled: the application gets
// the promise behind the listener. Only plain promises: what has more to it stays what it is.
function watched<T>(result: T): T {
  if (!(result instanceof Promise) || result.constructor !== Promise) return result;
  const ctx = context.active();
  const rethrow = (error: unknown): never => {
    context.with(ctx, () => placeOfError(error));
    throw error;
  };
  return result.then(undefined, rethrow) as T;
}

function placeIn(ctx: Context): ErrorPlace {
  return { scopes: scopesOf(ctx), trace: activeTrace(ctx) };
}

function activeTrace(ctx: Context): ErrorTrace | undefined {
  const span = trace.getSpan(ctx);
  const identity = span?.spanContext();
  if (identity === undefined || !isSpanContextValid(identity)) return undefined;
  return { traceId: identity.traceId, spanId: identity.spanId, parentSpanId: parentOf(span) };
}

// The API's `Span` does not name it; the SDKs' spans have it.
function parentOf(span: object | undefined): string | undefined {
  return (span as { parentSpanContext?: { spanId: string } } | undefined)?.parentSpanContext?.spanId;
}
