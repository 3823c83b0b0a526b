import { trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { IncomingTrace } from "../trace/headers.js";
import { processScopes } from "../scope/process-scopes.js";
import type { Unit } from "../scope/unit.js";
import { SPAN_KIND } from "../trace/span.js";
import { readContextScopes, scopesOf, unitOfSpan } from "./scope-context.js";
import type { ContextScopes } from "./scope-context.js";
import { openRoots } from "./open-roots.js";
import type { StartedSpan } from "../trace/span.js";

/** Returns the scopes of a local root, the span that begins a segment. */
export function scopesOfRoot(span: StartedSpan, parentContext: Context): ContextScopes {
  const own = readContextScopes(parentContext);
  const unit = unitOfSpan(span) ?? unitOfRoot(span, parentContext, own);
  if (!hasLocalParent(span))
    return own?.unit === unit ? own : { unit, current: own?.current, incoming: own?.incoming };
  const { current, incoming = incomingByIds(parentContext) } = scopesOf(parentContext);
  return { unit, current, incoming };
}

// Finds the trace headers for a local parent in a context without scopes: a span of another processor, one that is
// known by its ids only, or one that is not recorded. Any open root of the trace will do, because they share one
// sampling context.
function incomingByIds(parentContext: Context): IncomingTrace | undefined {
  const parent = trace.getSpanContext(parentContext);
  const isLocal = parent !== undefined && parent.isRemote !== true;
  return isLocal ? openRoots.incomingOf(parent.traceId) : undefined;
}

/** Returns the unit of work of a span whose parent, a span of this process, is the active span of `parentContext`. */
export function unitOfLocalChild(
  parentContext: Context,
  parent: object | undefined = trace.getSpan(parentContext),
): Unit {
  const own = readContextScopes(parentContext);
  const unit = parent === undefined ? undefined : unitOfSpan(parent);
  if (unit === undefined) return scopesOf(parentContext).unit;
  return own !== undefined && own.unit.depth > unit.depth ? own.unit : unit;
}

/**
 * A SERVER or CONSUMER root always has a unit of its own: the one that `extract` created for it, or a fork if another
 * root has taken that one. Other roots get a new unit only if their context has none. A parent counts as remote only if
 * `isRemote` is set, because a process may call itself.
 */
function unitOfRoot(
  span: StartedSpan,
  parentContext: Context,
  own: ContextScopes | undefined,
): Unit {
  if (hasLocalParent(span)) return unitOfLocalChild(parentContext);
  // `withScope` outside of all units carries the process's default unit, which does not count as a unit of work.
  const { defaultUnit } = processScopes();
  if (own === undefined || own.unit === defaultUnit) return defaultUnit.fork();
  if (span.kind !== SPAN_KIND.SERVER && span.kind !== SPAN_KIND.CONSUMER) return own.unit;
  if (!own.unit.adoptable) return own.unit.fork();
  own.unit.adoptable = false;
  return own.unit;
}

/** Tells whether the parent of a span is a span of this process. */
export function hasLocalParent({ parentSpanContext: parent }: StartedSpan): boolean {
  return parent !== undefined && parent.isRemote !== true;
}
