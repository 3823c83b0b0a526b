// One case in a process of its own: node bench/case.mjs <case> <port> <warm-up> <requests>
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

import { SPANS_PER_REQUEST, run } from "./workload.mjs";

const [name, port, warmUp, requests] = process.argv.slice(2);

const noopProcessor = {
  onStart() {},
  onEnd() {},
  forceFlush: async () => {},
  shutdown: async () => {},
};

const processors = {
  floor: () => noopProcessor,
  async otlp() {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
    const exporter = new OTLPTraceExporter({
      url: `http://127.0.0.1:${port}/v1/traces`,
      httpAgentOptions: { keepAlive: true },
      // A flush exports all that waits at once.
      concurrencyLimit: 100_000,
    });
    // The default queue of 2048 loses spans of this workload; its cost is measured without that.
    return new BatchSpanProcessor(exporter, { maxQueueSize: 1_000_000 });
  },
  async bridge() {
    const { SentrySpanProcessor } = await import("otel-sentry-bridge");
    return new SentrySpanProcessor({
      dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${port}/1`,
    });
  },
};

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const provider = new BasicTracerProvider({ spanProcessors: [await processors[name]()] });
const tracer = provider.getTracer("bench");
trace.setGlobalTracerProvider(provider);

await run(tracer, Number(warmUp));
await provider.forceFlush();

const before = process.cpuUsage();
const start = performance.now();
await run(tracer, Number(requests));
await provider.forceFlush();
const used = process.cpuUsage(before);

const spans = Number(requests) * SPANS_PER_REQUEST;
process.send({
  microsPerSpan: (used.user + used.system) / spans,
  systemMicrosPerSpan: used.system / spans,
  wallMillis: performance.now() - start,
  started: spans + Number(warmUp) * SPANS_PER_REQUEST,
  heapMegabytes: process.memoryUsage().rss / 1e6,
});
await provider.shutdown();
process.disconnect();
