import { ROOT_CONTEXT, context, createContextKey } from "@opentelemetry/api";

const PROBE = createContextKey("otel-sentry-bridge.probe");

/** Whether a context manager is registered: without one, no context is ever active, and no scope either. */
export function contextsAreCarried(): boolean {
  const probe = ROOT_CONTEXT.setValue(PROBE, true);
  return context.with(probe, () => context.active().getValue(PROBE) === true);
}
