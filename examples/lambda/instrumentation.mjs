// instrumentation.mjs
import { NodeSDK } from "@opentelemetry/sdk-node";
import { SentryPropagator, SentrySpanProcessor } from "otel-sentry-bridge";

const sdk = new NodeSDK({
  serviceName: "checkout",
  spanProcessors: [new SentrySpanProcessor()],
  textMapPropagator: new SentryPropagator(),
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
