// instrumentation.mjs
import { register } from "node:module";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { SentryPropagator, SentrySpanProcessor } from "otel-sentry-bridge";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);

const sdk = new NodeSDK({
  serviceName: "shop",
  spanProcessors: [new SentrySpanProcessor({ captureUncaught: true, flushOnSignals: true })],
  textMapPropagator: new SentryPropagator(),
  instrumentations: [new HttpInstrumentation()],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
