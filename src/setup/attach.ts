import { diag, trace } from "@opentelemetry/api";
import type { Context, TracerProvider } from "@opentelemetry/api";

import { createDiagnostics } from "../support/diagnostics.js";
import { propertyOf } from "../support/foreign.js";
import { isRegistered, registeredVersion } from "../context/api-registration.js";

/** A `SentrySpanProcessor` or any other OTel span processor. */
export interface AttachableProcessor {
  onStart(span: object, parentContext: Context): void;
  onEnd(span: object): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Adds a span processor to the global tracer provider, for applications in which other code sets up OpenTelemetry. From
 * then on the provider also flushes the processor and shuts it down. If you create the provider yourself, pass the
 * processor to it: this function writes to a private field of the SDK, the same in 2.x and 3.x.
 * Returns true if the processor is attached, or was attached before; otherwise logs the reason to OpenTelemetry's
 * `diag`. Never throws.
 */
export function attachToGlobalProvider(processor: AttachableProcessor): boolean {
  const obstacle = attach(processor);
  if (obstacle === undefined) return true;
  createDiagnostics(diag).warnOnce(
    "attach",
    `the span processor was not attached, so it gets no spans: ${obstacle}`,
  );
  return false;
}

/** Attaches the processor. Returns undefined on success, or the reason if it cannot be attached. Never throws. */
export function attach(processor: AttachableProcessor): string | undefined {
  try {
    if (!isProcessor(processor))
      return "the value is not a span processor: it has no `onStart` and `onEnd`";
    if (!isRegistered("trace"))
      return "no tracer provider is registered yet; call this after OpenTelemetry is set up";
    const active = activeProcessorOf(registeredProvider());
    if (active === undefined) return foreignProvider();
    // Replaces the array instead of changing it, because it is the `spanProcessors` option of the application.
    if (!active[LIST].includes(processor)) active[LIST] = [...active[LIST], processor];
    return undefined;
  } catch (error) {
    return `the provider does not allow it (${String(error)})`;
  }
}

/** Returns the span processors of the global provider; `foreign` if it does not show them. Never throws. */
export function registeredProcessors(): readonly object[] | "foreign" | "none" {
  if (!isRegistered("trace")) return "none";
  try {
    return activeProcessorOf(registeredProvider())?.[LIST] ?? "foreign";
  } catch {
    return "foreign";
  }
}

// Private fields of the SDK's `TracerProvider` and of its composite processor.
const ACTIVE = "_activeSpanProcessor";
const LIST = "_spanProcessors";

interface ActiveProcessor {
  [LIST]: readonly object[];
}

function registeredProvider(): TracerProvider {
  const provider = trace.getTracerProvider();
  return "getDelegate" in provider && typeof provider.getDelegate === "function"
    ? provider.getDelegate()
    : provider;
}

function activeProcessorOf(provider: object): ActiveProcessor | undefined {
  const active = ACTIVE in provider ? provider[ACTIVE] : undefined;
  return isActiveProcessor(active) ? active : undefined;
}

function isActiveProcessor(value: unknown): value is ActiveProcessor {
  return typeof value === "object" && value !== null && LIST in value && Array.isArray(value[LIST]);
}

function isProcessor(value: unknown): boolean {
  return ["onStart", "onEnd"].every((name) => typeof propertyOf(value, name) === "function");
}

function foreignProvider(): string {
  return (
    `the registered tracer provider is not one of the OpenTelemetry SDK 2.x or 3.x, or it was registered through ` +
    `@opentelemetry/api ${registeredVersion()}, which the copy that this package uses cannot see`
  );
}
