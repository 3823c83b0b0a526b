// src/instrumentation.ts
import { registerOTel } from "@vercel/otel";
import { SentryPropagator, SentrySpanProcessor, captureHandlerError } from "otel-sentry-bridge";

export function register() {
  const sentry = new SentrySpanProcessor({
    // Next.js 16 traces its own start.
    ignoreTransactions: [
      "load instrumentation module",
      "load route module",
      "register instrumentation",
    ],
    // Next.js traces a request twice where a middleware lets it pass. The first one ends with the middleware.
    beforeSendTransaction: (event) =>
      event.contexts.trace?.data?.["next.bubble"] === true ? null : event,
  });
  registerOTel({
    serviceName: "shop",
    spanProcessors: [sentry],
    propagators: [new SentryPropagator()],
  });
}

export function onRequestError(error: unknown) {
  captureHandlerError(error);
}
