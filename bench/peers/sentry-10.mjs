// @sentry/node 10 with a provider of the user's own, as its documentation sets it up.
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import * as Sentry from "@sentry/node-10";
import {
  SentryPropagator,
  SentrySampler,
  SentrySpanProcessor,
  wrapContextManagerClass,
} from "@sentry/opentelemetry";

export function setUp(dsn) {
  const client = Sentry.init({
    dsn,
    tracesSampleRate: 1,
    skipOpenTelemetrySetup: true,
    // The default of 64 envelopes drops those of a saturated process.
    transportOptions: { bufferSize: 100_000 },
  });
  const provider = new BasicTracerProvider({
    sampler: new SentrySampler(client),
    spanProcessors: [new SentrySpanProcessor()],
  });
  trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(new SentryPropagator());
  const ContextManager = wrapContextManagerClass(AsyncLocalStorageContextManager);
  context.setGlobalContextManager(new ContextManager());
  return {
    tracer: provider.getTracer("bench"),
    async flush() {
      await provider.forceFlush();
      await Sentry.flush(30_000);
    },
    shutdown: () => Sentry.close(30_000),
    queued: () => 0,
    onRequest(request) {
      Sentry.setUser({ id: request.params.user });
      Sentry.setTag("tenant", request.params.tenant);
    },
  };
}
