import { context, propagation, trace } from "@opentelemetry/api";
import type { TracerProvider } from "@opentelemetry/api";

import { SentryPropagator } from "./otel-parts.js";
import { reportSetupFault } from "../support/setup-faults.js";
import {
  API_COPIES,
  copiesMessage,
  isRegistered,
  NO_CONTEXT_MANAGER,
} from "../context/api-registration.js";
import { loadPeer } from "./load-peer.js";

/** Registers the provider for the process. */
export function registerProvider(provider: TracerProvider): void {
  if (!trace.setGlobalTracerProvider(provider)) reportRefusal();
}

/** Registers a context manager, unless there is one: without it spans have no parents, and scopes no unit. */
export function registerContextManager(): void {
  if (isRegistered("context")) return;
  const hooks = loadPeer("@opentelemetry/context-async-hooks");
  if (hooks === undefined) {
    reportSetupFault(
      NO_CONTEXT_MANAGER,
      "`@opentelemetry/context-async-hooks` is not installed, so there is no context manager: each span begins a trace of its own, and users and tags cannot follow a request. Install it beside the tracing SDK",
    );
    return;
  }
  const manager = new hooks.AsyncLocalStorageContextManager().enable();
  if (!context.setGlobalContextManager(manager)) reportRefusal();
}

/** Registers the propagator, unless there is one. */
export function registerPropagator(): void {
  if (isRegistered("propagation")) return;
  if (!propagation.setGlobalPropagator(new SentryPropagator())) reportRefusal();
}

function reportRefusal(): void {
  reportSetupFault(API_COPIES, copiesMessage());
}
