import { isSpanContextValid, trace } from "@opentelemetry/api";
import type { Context, SpanContext } from "@opentelemetry/api";
import { scopesOf } from "./scope-context.js";
import type { ContextScopes } from "./scope-context.js";
import { scopeData } from "../scope/merge.js";
import { processScopes } from "../scope/process-scopes.js";
import type { ScopeData } from "../scope/scope-data.js";
import { traceOfUnit } from "../scope/unit.js";
import { validSpanId, validTraceId } from "../trace/span.js";

/** The scopes, trace and span that a log or metric value belongs to. */
export interface TelemetryPlace {
  /** Global scope, isolation scope, then the current scope if there is one. */
  readonly scopes: readonly ScopeData[];
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits; undefined outside of all spans. */
  readonly spanId: string | undefined;
}

/**
 * Returns the scopes and the trace of a log or metric value. `identity` is the span that it names itself; default: the
 * context's active span. Without a span, everything in one unit of work has the same trace id, including errors.
 */
export function telemetryPlace(ctx: Context, identity?: SpanContext): TelemetryPlace {
  const scopes = scopesOf(ctx);
  const { unit, current } = scopes;
  return {
    scopes: scopeData(processScopes().global, unit.isolation, current),
    ...traceOf(identity ?? spanContextOf(ctx), scopes),
  };
}

function spanContextOf(ctx: Context): SpanContext | undefined {
  const identity = trace.getSpanContext(ctx);
  return identity !== undefined && isSpanContextValid(identity) ? identity : undefined;
}

function traceOf(
  identity: SpanContext | undefined,
  { incoming, unit }: ContextScopes,
): Pick<TelemetryPlace, "spanId" | "traceId"> {
  const traceId = identity?.traceId;
  if (traceId === undefined) {
    return { traceId: incoming?.traceId ?? traceOfUnit(unit).traceId, spanId: undefined };
  }
  // A remote span did not run in this process, so only its trace id is used.
  const spanId = identity?.isRemote === true ? undefined : identity?.spanId;
  return {
    traceId: validTraceId(traceId),
    spanId: spanId === undefined ? undefined : validSpanId(spanId),
  };
}
