// @sentry/node 11 as the provider of OpenTelemetry's API, with transactions (its default is to stream spans).
import { trace } from "@opentelemetry/api";
import * as Sentry from "@sentry/node-11";

export function setUp(dsn) {
  Sentry.init({
    dsn,
    tracesSampleRate: 1,
    enableOpenTelemetrySetup: true,
    traceLifecycle: "static",
    // The default of 64 envelopes drops those of a saturated process.
    transportOptions: { bufferSize: 100_000 },
  });
  return {
    tracer: trace.getTracer("bench"),
    flush: () => Sentry.flush(30_000),
    shutdown: () => Sentry.close(30_000),
    queued: () => 0,
    onRequest(request) {
      Sentry.setUser({ id: request.params.user });
      Sentry.setTag("tenant", request.params.tenant);
    },
  };
}
