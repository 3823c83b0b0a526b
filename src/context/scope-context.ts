import { context, isSpanContextValid, propagation, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { ignoreRejection } from "../support/foreign.js";
import type { IncomingTrace } from "../trace/headers.js";
import { processScopes } from "../scope/process-scopes.js";
import { Scope } from "../scope/scope.js";
import type { Unit } from "../scope/unit.js";
import type { OpenRoot } from "./open-roots.js";
import { readContextScopes, writeContextScopes } from "./context-key.js";
import type { ContextScopes } from "./context-key.js";
import { rootByIds } from "./open-root-registry.js";
import { unitOfSpan } from "./span-slots.js";

/**
 * The scopes that hold in a context: its own, or those of its active span's unit where that unit is
 * deeper. Contexts are immutable, so both are on one chain and the deeper one is the later fork.
 */
export function scopesOf(ctx: Context): ContextScopes {
  const own = readContextScopes(ctx);
  const span = trace.getSpan(ctx);
  const unit = span === undefined ? undefined : unitOfSpan(span);
  if (span !== undefined && unit === undefined) {
    const root = rootByIds(span);
    if (root !== undefined) return scopesByIds(root, own);
  }
  if (own !== undefined && (unit === undefined || own.unit.depth >= unit.depth)) return own;
  if (unit !== undefined) return { unit, current: own?.current, incoming: own?.incoming };
  return { unit: unitWithoutSlot(ctx), current: undefined, incoming: undefined };
}

// A context may be given ids of another request's span. Then its own unit is not on the chain, and does not count.
function scopesByIds({ unit, incoming }: OpenRoot, own: ContextScopes | undefined): ContextScopes {
  if (own?.unit.isWithin(unit) === true) return own;
  const current = own !== undefined && unit.isWithin(own.unit) ? own.current : undefined;
  return { unit, current, incoming };
}

/** A context whose unit of work is a fork of the given one's. Nothing happens until `context.with`. */
export function forkIsolation(
  ctx: Context = context.active(),
  configure?: (isolation: Scope) => void,
): Context {
  const scopes = scopesOf(ctx);
  const unit = scopes.unit.fork();
  ignoreRejection(configure?.(unit.isolation));
  return writeContextScopes(ctx, { unit, current: undefined, incoming: scopes.incoming });
}

/** A context with an overlay over the current scope, within the same unit of work. */
export function forkScope(
  ctx: Context = context.active(),
  configure?: (current: Scope) => void,
): Context {
  const scopes = scopesOf(ctx);
  const current = scopes.current?.fork() ?? new Scope();
  ignoreRejection(configure?.(current));
  return writeContextScopes(ctx, { unit: scopes.unit, current, incoming: scopes.incoming });
}

/** A context for an incoming request: a unit that waits for its root span, and what the sender said. */
export function forkForIncoming(
  ctx: Context,
  incoming: IncomingTrace | undefined,
  senderSpanId: string | undefined,
): Context {
  const unit = scopesOf(ctx).unit.fork(true);
  unit.senderSpanId = senderSpanId;
  return writeContextScopes(ctx, { unit, current: undefined, incoming });
}

/** A context in which spans begin traces of their own, in the same unit of work. */
export function startingNewTrace(ctx: Context): Context {
  const { unit, current } = scopesOf(ctx);
  const outside = withoutSentryBaggage(trace.deleteSpan(ctx));
  return writeContextScopes(outside, { unit, current, incoming: undefined });
}

// `W3CBaggagePropagator` takes all members of a request into the context, and would pass on the
// sampling context of the trace that is left.
function withoutSentryBaggage(ctx: Context): Context {
  const baggage = propagation.getBaggage(ctx);
  if (baggage === undefined) return ctx;
  const stale = baggage.getAllEntries().filter(([key]) => key.startsWith("sentry-"));
  if (stale.length === 0) return ctx;
  return propagation.setBaggage(ctx, baggage.removeEntries(...stale.map(([key]) => key)));
}

// An active span that does not record cannot carry a unit: its trace's entry in the table does. A span
// that was suppressed has no trace either, and hides the one around it: what is written is lost.
function unitWithoutSlot(ctx: Context): Unit {
  const { defaultUnit, unrecorded } = processScopes();
  const identity = trace.getSpanContext(ctx);
  if (identity === undefined) return defaultUnit;
  if (!isSpanContextValid(identity)) return defaultUnit.fork();
  return unrecorded.get(identity.traceId, () => defaultUnit.fork());
}
