// An application without a DSN: `sentry local run` sets SENTRY_SPOTLIGHT.
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

import { SentrySpanProcessor, logger, setUser } from "../../dist/index.js";

const sdk = new NodeSDK({
  spanProcessors: [new SentrySpanProcessor()],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
const tracer = trace.getTracer("shop");
tracer.startActiveSpan("checkout", (span) => {
  setUser({ id: "ada" });
  tracer.startSpan("pay").end();
  logger.info("paid");
  span.recordException(new Error("the card was refused"));
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
});
await sdk.shutdown();
