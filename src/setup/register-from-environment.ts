import type { SpanProcessor } from "@opentelemetry/sdk-trace";

import { pipelineFromEnvironment } from "../options/env.js";
import type { PipelineRequest } from "../options/env.js";
import { reportSetupFault } from "../support/setup-faults.js";
import { isRegistered } from "../context/api-registration.js";
import { attach } from "./attach.js";
import { getClient } from "../context/global-client.js";
import { SentrySpanProcessor } from "./otel-classes.js";
import { NOT_TRACED } from "./registration-check.js";
import {
  installedTraceSdk,
  registerContextManager,
  registerPropagator,
  registerProvider,
} from "./trace-sdk.js";

/**
 * Adds a span processor to the registered tracer provider, or sets up a provider, as the environment configures it. If
 * that fails, reports a set-up fault, and the application runs without tracing. Never throws.
 */
export function registerFromEnvironment(): void {
  try {
    const request = pipelineFromEnvironment();
    if (request.isDisabled || isSecondRun()) return;
    if (getClient() === undefined) register(request);
    else
      reportSetupFault(
        "register",
        "`register` does nothing, because the application has already created a client. Remove either `--import otel-sentry-bridge/register` or the application's own set-up",
      );
  } catch (error) {
    reportSetupFault("register", "`register` failed, so nothing is traced", { cause: error });
  }
}

// Set once `register` has run: it may be named in `NODE_OPTIONS` and on the command line, as an ES module and as
// CommonJS.
const RUN = Symbol.for("otel-sentry-bridge.register.v1");

function isSecondRun(): boolean {
  const carrier: typeof globalThis & { [RUN]?: true } = globalThis;
  const isSecond = carrier[RUN] === true;
  carrier[RUN] = true;
  return isSecond;
}

function register(request: PipelineRequest): void {
  const processor = new SentrySpanProcessor();
  if (!isRegistered("trace")) return setUp(processor, request);
  const obstacle = attach(processor);
  if (obstacle === undefined) flushAtExit([processor]);
  else reportSetupFault(NOT_TRACED, `nothing is traced: ${obstacle}`);
}

function setUp(sentry: SentrySpanProcessor, request: PipelineRequest): void {
  const sdk = installedTraceSdk();
  if (sdk === undefined) {
    reportSetupFault(
      NOT_TRACED,
      "nothing is traced: no tracing SDK is installed. Install `@opentelemetry/sdk-trace-base` (2.x) or `@opentelemetry/sdk-trace` (3.x)",
    );
    return;
  }
  const otlp = request.otlp ? sdk.newOtlpProcessor() : undefined;
  if (request.otlp && otlp === undefined) {
    reportSetupFault(
      "otlp-exporter",
      "spans are exported to Sentry only: the OTLP endpoint needs `@opentelemetry/exporter-trace-otlp-http`. Install that package",
    );
  }
  const processors = otlp === undefined ? [sentry] : [sentry, otlp];
  registerContextManager();
  registerPropagator();
  registerProvider(sdk.newProvider(processors));
  flushAtExit(processors);
}

// Flushes each processor separately: if a processor fails, `TracerProvider.forceFlush` leaves a timer of 30 s behind,
// which would keep the process alive.
function flushAtExit(processors: readonly Pick<SpanProcessor, "forceFlush">[]): void {
  process.once(
    "beforeExit",
    () => void Promise.allSettled(processors.map((processor) => processor.forceFlush())),
  );
}
