import { ROOT_CONTEXT, context, createContextKey } from "@opentelemetry/api";

import type { Diagnostics } from "../support/diagnostics.js";
import { isRegistered, ownApiVersion, registeredVersion } from "./api-registry.js";

const PROBE = createContextKey("otel-sentry-bridge.probe");

/** Kind of the fault that several copies of `@opentelemetry/api` are loaded. */
export const API_COPIES = "api-copies";

/** Kind of the fault that no context manager is registered. */
export const NO_CONTEXT_MANAGER = "context-manager";

// Finding out why costs 0.2 ms, and each setter of each request asks.
const checked = new WeakSet<Diagnostics>();

/**
 * Reports where no context is ever active, and why: once for each client. Call it when the first span has started,
 * because a context manager may be registered after a processor was made.
 */
export function checkContexts(diagnostics: Diagnostics): void {
  if (checked.has(diagnostics) || contextsAreCarried()) return;
  checked.add(diagnostics);
  const own = ownApiVersion();
  const isForeign = own !== undefined && own !== registeredVersion();
  if (isRegistered("context") || (isRegistered("trace") && isForeign))
    diagnostics.faultOnce(API_COPIES, copiesMessage(own));
  else diagnostics.faultOnce(NO_CONTEXT_MANAGER, MISSING);
}

/** Tells whether a context manager works: without one, no context is ever active, and no scope either. */
export function contextsAreCarried(): boolean {
  const probe = ROOT_CONTEXT.setValue(PROBE, true);
  return context.with(probe, () => context.active().getValue(PROBE) === true);
}

const MISSING =
  "no context manager is registered, so spans have no parents and users and tags cannot follow a request: each span without a parent is isolated by itself. " +
  "Call context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()) before the first span, or use NodeSDK, which does";

/** Says that two copies of the API are loaded, which of them registered, and what to do. */
export function copiesMessage(own: string | undefined = ownApiVersion()): string {
  const ours = own === undefined ? "a copy of another version" : own;
  return (
    `two copies of @opentelemetry/api are loaded: ${registeredVersion()} registered OpenTelemetry first, and otel-sentry-bridge uses ${ours}, which cannot share it. ` +
    "Spans, users and tags do not follow a request. Install one version for all packages: see `npm ls @opentelemetry/api`"
  );
}
