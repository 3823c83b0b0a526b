// worker.mjs
import { trace } from "@opentelemetry/api";
import { close, continueTraceFromEnvironment } from "otel-sentry-bridge";

const tracer = trace.getTracer("jobs");

await continueTraceFromEnvironment(() =>
  tracer.startActiveSpan("resize image", async (span) => {
    span.setAttribute("image.width", 640);
    span.end();
  }),
);
await close();
