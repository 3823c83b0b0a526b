import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { runBeforeBreadcrumb } from "../client/hooks.js";
import type { BreadcrumbHint } from "../options/options.js";
import { runInContext } from "./bound-iteration.js";
import { forkIsolation, forkScope, scopesOf } from "./scope-context.js";
import { processScopes } from "../scope/process-scopes.js";
import type { EventProcessor } from "../protocol/events.js";
import type { Breadcrumb, TagValue, BreadcrumbInput, UserInput } from "../scope/scope-data.js";
import type { Scope } from "../scope/scope.js";
import { getClient } from "./global-client.js";
import { admitOutsideWrite } from "./outside-writes.js";

processScopes().defaultUnit.guardWrites(admitOutsideWrite);

/** Returns the isolation scope of the context's unit of work. Default: the active context. */
export function getIsolationScope(ctx: Context = context.active()): Scope {
  return scopesOf(ctx).unit.isolation;
}

/** Returns the scope of the innermost `withScope`; outside of one, the isolation scope. */
export function getCurrentScope(ctx: Context = context.active()): Scope {
  const { current, unit } = scopesOf(ctx);
  return current ?? unit.isolation;
}

/** Returns the global scope, whose data is added to every event of the process. */
export function getGlobalScope(): Scope {
  return processScopes().global;
}

/**
 * Runs `fn` in a new unit of work: scope data that is set inside, also after an `await`, does not affect the outer
 * unit. Returns and throws what `fn` does. If `fn` returns a generator or async iterator, or a
 * promise of one, the result is a proxy that runs its body in the new unit.
 */
export function withIsolationScope<T>(fn: (isolation: Scope) => T): T {
  const ctx = forkIsolation();
  return runInContext(ctx, () => fn(getIsolationScope(ctx)));
}

/**
 * Runs `fn` with a new current scope. Data that is set on this scope applies to events that are captured inside. Returns
 * and throws what `fn` does; generators and async iterators are treated as by `withIsolationScope`.
 */
export function withScope<T>(fn: (current: Scope) => T): T {
  const ctx = forkScope();
  return runInContext(ctx, () => fn(getCurrentScope(ctx)));
}

/**
 * Binds a callback to the active context, for libraries that call it in another one: queues, pools, event emitters.
 * Returns a value that is not a function unchanged.
 */
export function bindContext<This, Args extends unknown[], Result>(
  fn: (this: This, ...args: Args) => Result,
): (this: This, ...args: Args) => Result {
  if (typeof fn !== "function") return fn;
  const ctx = context.active();
  return function bound(this: This, ...args: Args): Result {
    return runInContext(ctx, () => Reflect.apply(fn, this, args));
  };
}

/**
 * Adds an event processor for all events of the process, like `getGlobalScope().addEventProcessor`. For the events of one
 * unit of work use `getIsolationScope().addEventProcessor`.
 */
export function addEventProcessor(processor: EventProcessor): void {
  getGlobalScope().addEventProcessor(processor);
}

/** Sets the user of the unit of work; `null` removes it. */
export function setUser(user: UserInput | null): void {
  getIsolationScope().setUser(user);
}

/** Sets a tag on the unit of work; `undefined` and `null` remove it. */
export function setTag(key: string, value: TagValue): void {
  getIsolationScope().setTag(key, value);
}

/** Sets several tags on the unit of work. */
export function setTags<T extends { readonly [Name in keyof T]: TagValue }>(tags: T): void {
  getIsolationScope().setTags(tags);
}

/** Sets a named context on the unit of work; `null` removes it. */
export function setContext(name: string, value: object | null): void {
  getIsolationScope().setContext(name, value);
}

/** Sets an extra value on the unit of work. */
export function setExtra(key: string, value: unknown): void {
  getIsolationScope().setExtra(key, value);
}

/** Sets several extra values on the unit of work. */
export function setExtras(extras: object): void {
  getIsolationScope().setExtras(extras);
}

/** Sets an attribute on the unit of work. */
export function setAttribute(key: string, value: unknown): void {
  getIsolationScope().setAttribute(key, value);
}

/** Sets several attributes on the unit of work. */
export function setAttributes(attributes: object): void {
  getIsolationScope().setAttributes(attributes);
}

/**
 * Adds a breadcrumb to the unit of work, unless `beforeBreadcrumb` drops it; the hook also gets the hint. Does nothing
 * inside a hook or a transport, or in a logger that is writing a message of this package.
 */
export function addBreadcrumb(breadcrumb: BreadcrumbInput, hint: BreadcrumbHint = {}): void {
  const client = getClient()?.core;
  // A breadcrumb of `beforeBreadcrumb` would call the hook again.
  if (client?.isInOwnCall === true) return;
  const kept =
    client === undefined ? breadcrumb : runBeforeBreadcrumb(breadcrumb as Breadcrumb, hint, client);
  if (kept !== null) getIsolationScope().addBreadcrumb(kept, client?.settings.maxBreadcrumbs);
}
