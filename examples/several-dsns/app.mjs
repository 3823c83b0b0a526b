// app.mjs
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { SentrySpanProcessor, captureException } from "otel-sentry-bridge";

// The first is the process-wide client, to which errors that are captured go.
const shop = new SentrySpanProcessor({ dsn: process.env.SENTRY_DSN });
// The platform team sees a tenth of the traces, and no errors.
const platform = new SentrySpanProcessor({
  dsn: process.env.PLATFORM_DSN ?? false,
  tracesSampleRate: Number(process.env.PLATFORM_RATE ?? 0.1),
  spanExceptions: "none",
});

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const provider = new BasicTracerProvider({ spanProcessors: [shop, platform] });
trace.setGlobalTracerProvider(provider);

trace.getTracer("shop").startActiveSpan("checkout", (span) => {
  captureException(new Error("the card was refused"));
  span.end();
});
await provider.shutdown();
