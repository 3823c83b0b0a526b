// instrumentation.mjs
import { register } from "node:module";
import { FastifyOtelInstrumentation } from "@fastify/otel";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { SentryPropagator, SentrySpanProcessor } from "otel-sentry-bridge";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);

const sdk = new NodeSDK({
  serviceName: "shop",
  spanProcessors: [new SentrySpanProcessor({ captureUncaught: true, flushOnSignals: true })],
  textMapPropagator: new SentryPropagator(),
  instrumentations: [
    new HttpInstrumentation(),
    new FastifyOtelInstrumentation({ registerOnInitialization: true }),
  ],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
