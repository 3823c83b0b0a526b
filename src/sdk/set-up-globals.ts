import { context, propagation, trace } from "@opentelemetry/api";
import type { TracerProvider } from "@opentelemetry/api";

import { SentryPropagator } from "./otel-parts.js";
import { isRegistered, registeredVersion } from "./api-registry.js";
import { loadPeer } from "./load-peer.js";

/** Tells a person, on the standard error stream, what does not work and what to do. */
export type Tell = (message: string) => void;

/** Registers the provider for the process. */
export function registerProvider(provider: TracerProvider, tell: Tell): void {
  if (!trace.setGlobalTracerProvider(provider)) tell(refusal("tracer provider"));
}

/** Registers a context manager, unless there is one: without it spans have no parents, and scopes no unit. */
export function registerContextManager(tell: Tell): void {
  if (isRegistered("context")) return;
  const hooks = loadPeer("@opentelemetry/context-async-hooks");
  if (hooks === undefined) {
    tell(
      "`@opentelemetry/context-async-hooks` is not installed: each span begins a trace of its own, and scopes are not kept apart. Install it beside the tracing SDK",
    );
    return;
  }
  const manager = new hooks.AsyncLocalStorageContextManager().enable();
  if (!context.setGlobalContextManager(manager)) tell(refusal("context manager"));
}

/** Registers the propagator, unless there is one. */
export function registerPropagator(tell: Tell): void {
  if (isRegistered("propagation")) return;
  if (!propagation.setGlobalPropagator(new SentryPropagator())) tell(refusal("propagator"));
}

function refusal(part: string): string {
  return (
    `the ${part} could not be registered: another copy of \`@opentelemetry/api\` (${registeredVersion()}) registered first. ` +
    "Install one version of it only: see `npm ls @opentelemetry/api`"
  );
}
