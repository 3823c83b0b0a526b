import {
  context,
  createContextKey,
  isSpanContextValid,
  propagation,
  trace,
} from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { ignoreRejection } from "../support/foreign.js";
import type { IncomingTrace } from "../trace/headers.js";
import { openRoots } from "./open-roots.js";
import type { OpenRoot } from "./open-roots.js";
import type { IdentifiedSpan } from "../trace/span.js";
import { processScopes } from "../scope/process-scopes.js";
import { Scope } from "../scope/scope.js";
import { propagationContextOf } from "../scope/unit.js";
import type { PropagationContext, Unit } from "../scope/unit.js";

/** The package's data on a `Context`: one value under one key, because setting a key copies the context's map. */
export interface ContextScopes {
  readonly unit: Unit;
  /** The scope of the innermost `withScope`. */
  readonly current: Scope | undefined;
  readonly incoming: IncomingTrace | undefined;
}

// `createContextKey` uses `Symbol.for`, so all copies of the package share the key. If the format changes, the name
// needs a new version.
const KEY = createContextKey("otel-sentry-bridge.scopes.v1");

/** Returns the scopes that the context itself carries. */
export function readContextScopes(ctx: Context): ContextScopes | undefined {
  return ctx.getValue(KEY) as ContextScopes | undefined;
}

/** Returns a context that carries the given scopes. */
export function writeContextScopes(ctx: Context, scopes: ContextScopes): Context {
  return ctx.setValue(KEY, scopes);
}

// Shared by all processors and all copies of the package, so that they find the same unit.
const UNIT_SLOT = Symbol.for("otel-sentry-bridge.unit.v1");

interface UnitSlot {
  [UNIT_SLOT]?: Unit;
}

/** Returns the unit of work of a span; undefined if no processor saw it start. */
export function unitOfSpan(span: object): Unit | undefined {
  return (span as UnitSlot)[UNIT_SLOT];
}

/**
 * Stores the unit of work on the span. A symbol property, because a `WeakMap` entry takes 3-4 µs per span. The span holds
 * its unit strongly, so that the unit is not collected before its transaction is built.
 */
export function assignUnit(span: object, unit: Unit): void {
  (span as UnitSlot)[UNIT_SLOT] = unit;
}

/**
 * Returns the scopes that apply in a context: the context's own, or those of its active span's unit if that unit is
 * deeper. Contexts are immutable, so both units are on one chain, and the deeper one is the later fork.
 */
export function scopesOf(ctx: Context): ContextScopes {
  const own = readContextScopes(ctx);
  const span = trace.getSpan(ctx);
  const unit = span === undefined ? undefined : unitOfSpan(span);
  if (span !== undefined && unit === undefined) {
    const root = openRootOf(span);
    if (root !== undefined) return scopesByIds(root, own);
  }
  if (own !== undefined && (unit === undefined || own.unit.depth >= unit.depth)) return own;
  if (unit !== undefined) return { unit, current: own?.current, incoming: own?.incoming };
  return { unit: unitWithoutSlot(ctx), current: undefined, incoming: undefined };
}

/**
 * Returns the ids of events, logs and metric values where no span is active: the trace of the request's headers if there
 * is one, else a trace of the unit.
 */
export function idsWithoutSpan({ incoming, unit }: ContextScopes): PropagationContext {
  const own = propagationContextOf(unit);
  return incoming === undefined ? own : { traceId: incoming.traceId, spanId: own.spanId };
}

// A context may carry the ids of another request's span. Then the context's own unit is not on the chain of that span's
// unit, and is ignored.
function scopesByIds({ unit, incoming }: OpenRoot, own: ContextScopes | undefined): ContextScopes {
  if (own?.unit.isWithin(unit) === true) return own;
  const current = own !== undefined && unit.isWithin(own.unit) ? own.current : undefined;
  return { unit, current, incoming };
}

/**
 * Returns a context with a new unit of work, forked from that of `ctx` (default: the active context). `configure`
 * receives its isolation scope. The context is not made active: use `context.with`.
 */
export function forkIsolation(
  ctx: Context = context.active(),
  configure?: (isolation: Scope) => void,
): Context {
  const scopes = scopesOf(ctx);
  const unit = scopes.unit.fork();
  ignoreRejection(configure?.(unit.isolation));
  return writeContextScopes(ctx, { unit, current: undefined, incoming: scopes.incoming });
}

/**
 * Returns a context with a new current scope, within the unit of work of `ctx` (default: the active context).
 * `configure` receives the new scope. The context is not made active: use `context.with`.
 */
export function forkScope(
  ctx: Context = context.active(),
  configure?: (current: Scope) => void,
): Context {
  const scopes = scopesOf(ctx);
  const current = scopes.current?.fork() ?? new Scope();
  ignoreRejection(configure?.(current));
  return writeContextScopes(ctx, { unit: scopes.unit, current, incoming: scopes.incoming });
}

/** Returns a context for an incoming request, with a unit of work for its root span and the trace headers. */
export function forkForIncoming(
  ctx: Context,
  incoming: IncomingTrace | undefined,
  senderSpanId: string | undefined,
): Context {
  const unit = scopesOf(ctx).unit.fork(true);
  unit.senderSpanId = senderSpanId;
  return writeContextScopes(ctx, { unit, current: undefined, incoming });
}

/** Returns a context without an active span, in which spans start new traces within the same unit of work. */
export function withoutTrace(ctx: Context): Context {
  const { unit, current } = scopesOf(ctx);
  const outside = withoutSentryBaggage(trace.deleteSpan(ctx));
  return writeContextScopes(outside, { unit, current, incoming: undefined });
}

// `W3CBaggagePropagator` keeps all baggage members of a request, and would propagate the sampling context of the old trace.
function withoutSentryBaggage(ctx: Context): Context {
  const baggage = propagation.getBaggage(ctx);
  if (baggage === undefined) return ctx;
  const stale = baggage.getAllEntries().filter(([key]) => key.startsWith("sentry-"));
  if (stale.length === 0) return ctx;
  return propagation.setBaggage(ctx, baggage.removeEntries(...stale.map(([key]) => key)));
}

// A non-recording span cannot carry a unit, so a table holds the units of such traces. A suppressed span has no valid
// trace and hides the outer span; data that is set there goes to a fork that is discarded.
function unitWithoutSlot(ctx: Context): Unit {
  const { defaultUnit, unrecorded } = processScopes();
  const identity = trace.getSpanContext(ctx);
  if (identity === undefined) return defaultUnit;
  if (!isSpanContextValid(identity)) return defaultUnit.fork();
  return unrecorded.get(identity.traceId, () => defaultUnit.fork());
}

/**
 * Returns the open root of a span that is known by its ids only, as `trace.setSpanContext` creates it. Undefined for
 * spans that a processor saw start, for remote spans, and if no root of the trace is open.
 */
export function openRootOf(span: IdentifiedSpan): OpenRoot | undefined {
  return unitOfSpan(span) === undefined ? openRoots.find(span.spanContext()) : undefined;
}
