import { isSpanContextValid, trace } from "@opentelemetry/api";
import type { Context, SpanContext } from "@opentelemetry/api";
import { idsWithoutSpan, scopesOf } from "./scope-context.js";
import type { ContextScopes } from "./scope-context.js";
import { scopeData } from "../scope/merge.js";
import { processScopes } from "../scope/process-scopes.js";
import type { ScopeData } from "../scope/scope-data.js";
import { validSpanId, validTraceId } from "../trace/span.js";

/** The scopes, trace and span that a log or metric value is correlated with. */
export interface Correlation {
  /** Global scope, isolation scope, then the current scope if there is one. */
  readonly scopes: readonly ScopeData[];
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits; undefined outside of all spans. */
  readonly spanId: string | undefined;
}

/**
 * Returns the correlation of a log or metric value that is emitted in a context. `spanContext` is a span that the value
 * refers to explicitly; default: the active span of the context. Without a span, everything in one unit of work has the
 * same trace id, including errors.
 */
export function correlationOf(ctx: Context, spanContext?: SpanContext): Correlation {
  const scopes = scopesOf(ctx);
  const { unit, current } = scopes;
  return {
    scopes: scopeData(processScopes().global, unit.isolation, current),
    ...traceOf(spanContext ?? spanContextOf(ctx), scopes),
  };
}

function spanContextOf(ctx: Context): SpanContext | undefined {
  const spanContext = trace.getSpanContext(ctx);
  return spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext : undefined;
}

function traceOf(
  spanContext: SpanContext | undefined,
  scopes: ContextScopes,
): Pick<Correlation, "spanId" | "traceId"> {
  const traceId = spanContext?.traceId;
  if (traceId === undefined) return { traceId: idsWithoutSpan(scopes).traceId, spanId: undefined };
  // A remote span did not run in this process, so only its trace id is used.
  const spanId = spanContext?.isRemote === true ? undefined : spanContext?.spanId;
  return {
    traceId: validTraceId(traceId),
    spanId: spanId === undefined ? undefined : validSpanId(spanId),
  };
}
