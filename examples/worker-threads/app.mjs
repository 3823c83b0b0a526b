// app.mjs
import { Worker } from "node:worker_threads";
import { SpanKind, trace } from "@opentelemetry/api";
import { setUser, traceEnvironment } from "otel-sentry-bridge";

const tracer = trace.getTracer("jobs");

// A worker inherits `--import`, so it has a processor of its own; the environment has the trace.
await tracer.startActiveSpan("resize", { kind: SpanKind.CONSUMER }, async (span) => {
  setUser({ id: "ada" });
  const file = new URL("worker.mjs", import.meta.url);
  const worker = new Worker(file, { env: traceEnvironment() });
  await new Promise((resolve) => worker.once("exit", resolve));
  span.end();
});
