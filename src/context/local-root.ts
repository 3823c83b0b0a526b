import { trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { IncomingTrace } from "../trace/headers.js";
import { processScopes } from "../scope/process-scopes.js";
import type { Unit } from "../scope/unit.js";
import { SPAN_KIND } from "../trace/span.js";
import { readContextScopes } from "./context-key.js";
import type { ContextScopes } from "./context-key.js";
import { openRoots } from "./open-root-registry.js";
import { scopesOf } from "./scope-context.js";
import { unitOfSpan } from "./span-slots.js";
import type { StartedSpan } from "../trace/span.js";

/** The scopes of a span that begins a segment. */
export function scopesOfRoot(span: StartedSpan, parentContext: Context): ContextScopes {
  const own = readContextScopes(parentContext);
  const unit = unitOfSpan(span) ?? unitOfRoot(span, parentContext, own);
  if (!hasLocalParent(span))
    return own?.unit === unit ? own : { unit, current: own?.current, incoming: own?.incoming };
  const { current, incoming = incomingByIds(parentContext) } = scopesOf(parentContext);
  return { unit, current, incoming };
}

// Of a parent that another processor has seen, that is known by its ids, or that is not recorded, in a context that
// carries nothing. Which root of the trace it is below does not matter: they have one sampling context.
function incomingByIds(parentContext: Context): IncomingTrace | undefined {
  const parent = trace.getSpanContext(parentContext);
  const isLocal = parent !== undefined && parent.isRemote !== true;
  return isLocal ? openRoots.incomingOf(parent.traceId) : undefined;
}

/** The unit of a span that starts under a span of this process. */
export function unitOfLocalChild(parentContext: Context): Unit {
  const own = readContextScopes(parentContext);
  const parent = trace.getSpan(parentContext);
  const unit = parent === undefined ? undefined : unitOfSpan(parent);
  if (unit === undefined) return scopesOf(parentContext).unit;
  return own !== undefined && own.unit.depth > unit.depth ? own.unit : unit;
}

/**
 * A SERVER or CONSUMER root always has a unit of its own: the one that `extract` made for it, unless
 * another root has taken that one, or a fork. Other roots start one only where their context carries
 * none. "Local" is what `isRemote` says: a process may call itself.
 */
function unitOfRoot(
  span: StartedSpan,
  parentContext: Context,
  own: ContextScopes | undefined,
): Unit {
  if (hasLocalParent(span)) return unitOfLocalChild(parentContext);
  // An overlay outside of all units carries the process's default unit: that is none.
  const { defaultUnit } = processScopes();
  if (own === undefined || own.unit === defaultUnit) return defaultUnit.fork();
  if (span.kind !== SPAN_KIND.SERVER && span.kind !== SPAN_KIND.CONSUMER) return own.unit;
  if (!own.unit.adoptable) return own.unit.fork();
  own.unit.adoptable = false;
  return own.unit;
}

function hasLocalParent({ parentSpanContext: parent }: StartedSpan): boolean {
  return parent !== undefined && parent.isRemote !== true;
}
