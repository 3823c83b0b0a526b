// app.mjs
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import * as Sentry from "@sentry/node";
import { SentrySpanProcessor, captureException } from "otel-sentry-bridge";

// Without tracing and without its own error handlers: for what only Sentry's SDK has.
Sentry.init({ dsn: process.env.SENTRY_DSN, defaultIntegrations: false });

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor()] });
trace.setGlobalTracerProvider(provider);

trace.getTracer("shop").startActiveSpan("checkout", (span) => {
  captureException(new Error("the card was refused")); // this package's, on the transaction
  Sentry.captureException(new Error("the campaign is over")); // Sentry's own
  span.end();
});
await provider.shutdown();
await Sentry.close();
