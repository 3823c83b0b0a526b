import type { SpanProcessor } from "@opentelemetry/sdk-trace";

import { pipelineFromEnvironment } from "../options/env.js";
import type { PipelineRequest } from "../options/env.js";
import { reportSetupFault } from "../support/setup-faults.js";
import { isRegistered } from "../context/api-registration.js";
import { attach } from "./attach.js";
import { getClient } from "../context/global-client.js";
import { SentrySpanProcessor } from "./otel-parts.js";
import { NOT_TRACED } from "./registration-check.js";
import { registerContextManager, registerPropagator, registerProvider } from "./set-up-globals.js";
import { installedTraceSdk } from "./trace-sdk.js";

/**
 * Joins the tracer provider that is registered, or sets one up, as the environment says. Reports what goes wrong as a
 * fault in the set-up; the application runs on without it. Never throws.
 */
export function registerFromEnvironment(): void {
  try {
    const request = pipelineFromEnvironment();
    if (request.isDisabled || isSecondRun()) return;
    if (getClient() === undefined) register(request);
    else
      reportSetupFault(
        "register",
        "`register` does nothing: the application has made a client before. Use one of the two",
      );
  } catch (error) {
    reportSetupFault("register", "`register` failed, and nothing is traced", { cause: error });
  }
}

// `NODE_OPTIONS` and the command line may name it both, and as ESM and as CommonJS.
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
      "spans go to Sentry only: the OTLP endpoint needs `@opentelemetry/exporter-trace-otlp-http`, which is not installed",
    );
  }
  const processors = otlp === undefined ? [sentry] : [sentry, otlp];
  registerContextManager();
  registerPropagator();
  registerProvider(sdk.newProvider(processors));
  flushAtExit(processors);
}

// A program that comes to its end sends what it has. One by one: `TracerProvider.forceFlush` leaves a
// timer of 30 s behind when a processor fails, and the process would wait for it.
function flushAtExit(processors: readonly Pick<SpanProcessor, "forceFlush">[]): void {
  process.once(
    "beforeExit",
    () => void Promise.allSettled(processors.map((processor) => processor.forceFlush())),
  );
}
