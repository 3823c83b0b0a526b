// What is measured: each sets up a tracer and says how to flush it. All but Sentry's own use one provider of OTel's SDK.
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

/** The floor: a processor that does nothing. */
export const NOOP_PROCESSOR = {
  onStart() {},
  onEnd() {},
  forceFlush: async () => {},
  shutdown: async () => {},
};

// What OpenTelemetry's own set-up registers.
const W3C = new CompositePropagator({
  propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
});

function provide(spanProcessor, propagator = W3C) {
  propagation.setGlobalPropagator(propagator);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const provider = new BasicTracerProvider({ spanProcessors: [spanProcessor] });
  trace.setGlobalTracerProvider(provider);
  return {
    tracer: provider.getTracer("bench"),
    flush: () => provider.forceFlush(),
    shutdown: () => provider.shutdown(),
    onRequest() {},
    queued: () => 0,
  };
}

async function otlp(module, port) {
  const { OTLPTraceExporter } = await import(module);
  const exporter = new OTLPTraceExporter({
    url: `http://127.0.0.1:${port}/v1/traces`,
    httpAgentOptions: { keepAlive: true },
  });
  // The default queue of 2048 spans drops those of a saturated process; this one holds more than a turn makes.
  return provide(new BatchSpanProcessor(exporter, { maxQueueSize: 65_536 }));
}

async function bridge(options) {
  const { SentryPropagator, SentrySpanProcessor, setTag, setUser, stats } =
    await import("otel-sentry-bridge");
  return {
    ...provide(new SentrySpanProcessor(options), new SentryPropagator()),
    queued: () => stats().transactions.queued,
    // Each transaction of the `app` workload has a user and a tag, which are set for this.
    onRequest(request) {
      setUser({ id: request.params.user });
      setTag("tenant", request.params.tenant);
    },
  };
}

const dsn = (port) => `http://0123456789abcdef0123456789abcdef@127.0.0.1:${port}/1`;

export const SUBJECTS = {
  floor: () => provide(NOOP_PROCESSOR),
  otlp: (port) => otlp("@opentelemetry/exporter-trace-otlp-http", port),
  "otlp-protobuf": (port) => otlp("../peers/otlp-protobuf.mjs", port),
  bridge: (port) => bridge({ dsn: dsn(port) }),
  // With the rules of `doctor -- node app.js`.
  "bridge-doctor": async (port) => {
    const { startDoctor } = await import("otel-sentry-bridge/doctor");
    startDoctor();
    return bridge({ dsn: dsn(port) });
  },
  "bridge-thread": (port) => bridge({ dsn: dsn(port), transport: { thread: true } }),
  "bridge-hooks": (port) =>
    bridge({ dsn: dsn(port), beforeSendTransaction: (event) => event, ignoreTransactions: [/^x/] }),
  "bridge-spool": (port) =>
    bridge({ dsn: dsn(port), spool: { directory: process.env["BENCH_SPOOL"] } }),
  "sentry-10": async (port) => (await import("../peers/sentry-10.mjs")).setUp(dsn(port)),
  "sentry-11": async (port) => (await import("../peers/sentry-11.mjs")).setUp(dsn(port)),
};
