// instrumentation.mjs
import { NodeSDK } from "@opentelemetry/sdk-node";
import { SentryPropagator, SentrySpanProcessor } from "otel-sentry-bridge";

const sdk = new NodeSDK({
  serviceName: "mails",
  spanProcessors: [
    new SentrySpanProcessor({
      captureUncaught: true,
      flushOnSignals: true,
      // The worker's own work, and the end of queue and worker.
      ignoreTransactions: [
        "moveStalledJobsToWait mails",
        "startStalledCheckTimer mails",
        "close mails",
      ],
    }),
  ],
  textMapPropagator: new SentryPropagator(),
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
