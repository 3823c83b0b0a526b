// instrumentation.mjs
import { NodeSDK } from "@opentelemetry/sdk-node";
import { SentryPropagator, SentrySpanProcessor } from "otel-sentry-bridge";

const sdk = new NodeSDK({
  serviceName: "jobs",
  spanProcessors: [new SentrySpanProcessor({ captureUncaught: true, flushOnSignals: true })],
  textMapPropagator: new SentryPropagator(),
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
