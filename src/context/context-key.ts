import { createContextKey } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { IncomingTrace } from "../trace/headers.js";
import type { Scope } from "../scope/scope.js";
import type { Unit } from "../scope/unit.js";

/**
 * All that the bridge puts on a `Context`. One value under one key, because a `Context` copies its
 * map for each key that is set.
 */
export interface ContextScopes {
  readonly unit: Unit;
  /** The overlay of `withScope`, if there is one. */
  readonly current: Scope | undefined;
  readonly incoming: IncomingTrace | undefined;
}

// `createContextKey` is `Symbol.for`: copies of the package share the key as long as the format is one.
const KEY = createContextKey("otel-sentry-bridge.scopes.v1");

/** The scopes that a context carries by itself. */
export function readContextScopes(context: Context): ContextScopes | undefined {
  return context.getValue(KEY) as ContextScopes | undefined;
}

/** A context that carries the given scopes. */
export function writeContextScopes(context: Context, scopes: ContextScopes): Context {
  return context.setValue(KEY, scopes);
}
