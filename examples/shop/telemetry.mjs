// Loaded before the service's own code: node --import ./telemetry.mjs gateway.mjs
import { register } from "node:module";

import FastifyOtelInstrumentation from "@fastify/otel";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { ExpressInstrumentation } from "@opentelemetry/instrumentation-express";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { PgInstrumentation } from "@opentelemetry/instrumentation-pg";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { SentryPropagator, SentrySpanProcessor } from "otel-sentry-bridge";

// The services are ES modules, and instrumentations patch `import`ed packages through this hook only.
// It must be there before the first of those packages is imported.
register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);

/** The pipeline of a service. Name, version, DSN and OTLP endpoint come from the environment. */
export const sdk = new NodeSDK({
  spanProcessors: [
    new SentrySpanProcessor({
      dsn: process.env.SENTRY_DSN,
      spotlight: process.env.SHOP_SPOTLIGHT === "1",
    }),
    // 200 requests at once make more spans than the default queue of 2048 holds until it is emptied.
    new BatchSpanProcessor(new OTLPTraceExporter(), { maxQueueSize: 100_000 }),
  ],
  textMapPropagator: new SentryPropagator(),
  instrumentations: [
    new HttpInstrumentation(),
    new ExpressInstrumentation(),
    new FastifyOtelInstrumentation({ registerOnInitialization: true }),
    new UndiciInstrumentation(),
    // Connections are opened at start-up, outside of every request: no traces of that.
    new PgInstrumentation({ requireParentSpan: true }),
  ],
});

sdk.start();
