import type { Client } from "../client/public-client.js";
import type { ClientOptions } from "../options/options.js";
import { blamingCallerOf } from "../protocol/errors.js";
import { isSampled } from "../otel/outgoing-trace.js";
import type { PropagatingClient, PropagationPolicy } from "../otel/propagation-policy.js";
import { TracePropagator } from "../otel/propagator.js";
import { ClientLogRecordProcessor } from "../otel/log-record-processor.js";
import { reportLogged } from "../errors/logged-exceptions.js";
import { ClientSampler } from "../otel/sampler.js";
import { ClientSpanExporter } from "../otel/span-exporter.js";
import { ClientSpanProcessor } from "../otel/span-processor.js";
import { clientOf, settingsClientOf } from "./create-client.js";
import { getClient } from "../context/global-client.js";

/**
 * An OTel `SpanProcessor` (SDK 2.x and 3.x) that turns spans into Sentry transactions. Add it to the span processors of
 * your provider; it does not affect the others.
 *
 * Pass options to create a client, which `shutdown` closes, or pass an existing client, which it flushes. Throws an
 * `OptionsError` if an option is invalid; its methods never throw.
 */
export class SentrySpanProcessor extends ClientSpanProcessor {
  constructor(optionsOrClient?: Client | ClientOptions) {
    const { client, isNew } = blamingCallerOf(SentrySpanProcessor, () => clientOf(optionsOrClient));
    super(client, isNew);
    client.registrations.watch({ kind: "SentrySpanProcessor", instance: this });
  }
}

/**
 * An OTel `SpanExporter` that builds the same transactions from finished spans, for use behind a `BatchSpanProcessor` or
 * a tail sampler. It does not see in which unit of work a span starts, so its transactions have only the data of the
 * global scope; use the processor if you need users and tags per request.
 *
 * Takes and throws the same as `SentrySpanProcessor`.
 */
export class SentrySpanExporter extends ClientSpanExporter {
  constructor(optionsOrClient?: Client | ClientOptions) {
    const { client, isNew } = blamingCallerOf(SentrySpanExporter, () => clientOf(optionsOrClient));
    super(client, isNew);
    client.registrations.watch({ kind: "SentrySpanExporter", instance: this });
  }
}

/**
 * An OTel `LogRecordProcessor` that sends log records as Sentry logs (with `enableLogs`), and records with `exception.*`
 * attributes as error events, each error once.
 *
 * Takes and throws the same as `SentrySpanProcessor`.
 */
export class SentryLogRecordProcessor extends ClientLogRecordProcessor {
  constructor(optionsOrClient?: Client | ClientOptions) {
    const { client, isNew } = blamingCallerOf(SentryLogRecordProcessor, () =>
      clientOf(optionsOrClient),
    );
    super(client, isNew, (logged) => reportLogged(client.errors, logged));
  }
}

/**
 * An OTel `Sampler` that applies `tracesSampleRate` or `tracesSampler` when a trace starts. Traces that Sentry does not
 * receive are then not recorded for any other exporter either, so use it only in pipelines that export to Sentry alone.
 * Pass a client, or the options that decide; default: the process-wide client. Throws an `OptionsError` if an option is
 * invalid; its methods never throw.
 */
export class SentrySampler extends ClientSampler {
  constructor(optionsOrClient?: Client | ClientOptions) {
    const own =
      optionsOrClient === undefined
        ? undefined
        : blamingCallerOf(SentrySampler, () => settingsClientOf(optionsOrClient));
    // Options alone make no client that sends.
    const sender = own === optionsOrClient ? own : undefined;
    super(
      () => (own ?? getClient())?.core,
      () => (sender ?? getClient())?.core,
    );
  }
}

/**
 * An OTel `TextMapPropagator` that continues traces across services by `sentry-trace`, `traceparent` and the `sentry-`
 * members of `baggage`, and starts a unit of work with scopes of its own for each incoming request or message. Traces
 * that start here are propagated with the dynamic sampling context of the process-wide client.
 *
 * In a composite propagator with the W3C propagators, put it last. Its methods never throw.
 */
export class SentryPropagator extends TracePropagator {
  constructor() {
    super({
      segmentSource: (span) => getClient()?.core.propagatedTrace(span),
      dscSource: (traceId, span) => getClient()?.core.samplingContext(traceId, isSampled(span)),
      policy,
    });
  }
}

function policy(): PropagationPolicy | undefined {
  const client: Partial<PropagatingClient> | undefined = getClient();
  return client?.policy;
}
