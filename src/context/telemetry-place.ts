import { isSpanContextValid, trace } from "@opentelemetry/api";
import type { Context, SpanContext } from "@opentelemetry/api";

import { scopeData } from "../scope/merge.js";
import { processScopes } from "../scope/process-scopes.js";
import type { TelemetryPlace } from "./telemetry-place-type.js";
import { validSpanId, validTraceId } from "../trace/span.js";
import type { ContextScopes } from "./context-key.js";
import { scopesOf } from "./scope-context.js";
import { traceOfUnit } from "../scope/unit.js";

/**
 * Where a log or a value of a metric comes up: its scopes and its trace. `identity` is the span that it
 * names itself; without one that of the context's span holds. Outside of all traces, what comes up in one
 * unit of work has one trace id, errors among it.
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
  // A sender's span has not come up here: it is the trace that the two share.
  const spanId = identity?.isRemote === true ? undefined : identity?.spanId;
  return {
    traceId: validTraceId(traceId),
    spanId: spanId === undefined ? undefined : validSpanId(spanId),
  };
}
