// instrumentation.mjs
import { NodeSDK } from "@opentelemetry/sdk-node";
import { SentryPropagator, SentrySpanProcessor } from "otel-sentry-bridge";

export const processor = new SentrySpanProcessor({ captureUncaught: true });

const sdk = new NodeSDK({
  serviceName: "orders",
  spanProcessors: [processor],
  textMapPropagator: new SentryPropagator(),
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
