import type { SentryClient } from "../client/client.js";
import type { ClientOptions } from "../options/options.js";
import { isSampled } from "../otel/outgoing-trace.js";
import { propagationPolicy } from "../otel/propagation-policy.js";
import type { PropagationPolicy } from "../otel/propagation-policy.js";
import { TracePropagator } from "../otel/propagator.js";
import { ClientLogRecordProcessor } from "../otel/log-record-processor.js";
import { reportLogged } from "../errors/logged-exceptions.js";
import { ClientSampler } from "../otel/sampler.js";
import { ClientSpanExporter } from "../otel/span-exporter.js";
import { ClientSpanProcessor } from "../otel/span-processor.js";
import { clientOf, settingsClientOf } from "./create-client.js";
import { getClient } from "../context/global-client.js";
import { watchRegistration } from "./registration-check.js";

/**
 * An OTel `SpanProcessor` (SDK 2.x and 3.x) that turns the spans of your provider into Sentry
 * transactions. Register it beside the processors you have; it changes nothing for them.
 *
 * Takes the options of a client, which it creates and closes on `shutdown`, or a client of yours.
 * Throws an `OptionsError` when an option is wrong; its methods never throw.
 */
export class SentrySpanProcessor extends ClientSpanProcessor {
  constructor(optionsOrClient?: ClientOptions | SentryClient) {
    const { client, isNew } = clientOf(optionsOrClient);
    super(client, isNew);
    watchRegistration(client, { kind: "SentrySpanProcessor", instance: this });
  }
}

/**
 * An OTel `SpanExporter` that builds the same transactions from finished spans alone: for use behind
 * a `BatchSpanProcessor` or a tail sampler. It does not see in which unit of work a span starts, so
 * its transactions carry the global scope's data only; where that matters, use the processor.
 *
 * Takes the options of a client, which it creates and closes on `shutdown`, or a client of yours.
 * Throws an `OptionsError` when an option is wrong; its methods never throw.
 */
export class SentrySpanExporter extends ClientSpanExporter {
  constructor(optionsOrClient?: ClientOptions | SentryClient) {
    const { client, isNew } = clientOf(optionsOrClient);
    super(client, isNew);
    watchRegistration(client, { kind: "SentrySpanExporter", instance: this });
  }
}

/**
 * An OTel `LogRecordProcessor` that sends the log records of your provider as Sentry logs, and those of
 * exceptions (`exception.*` attributes) as error events, each error once.
 *
 * Takes the options of a client, which it creates and closes on `shutdown`, or a client of yours.
 * Throws an `OptionsError` when an option is wrong; its methods never throw.
 */
export class SentryLogRecordProcessor extends ClientLogRecordProcessor {
  constructor(optionsOrClient?: ClientOptions | SentryClient) {
    const { client, isNew } = clientOf(optionsOrClient);
    super(client, isNew, (logged) => reportLogged(client, logged));
  }
}

/**
 * An OTel `Sampler` that takes the decision of `tracesSampleRate` or `tracesSampler` when a trace
 * begins, so that what Sentry does not get is recorded for nobody. Only for pipelines that feed Sentry
 * alone: without it, each exporter gets what the provider's own sampler keeps.
 *
 * Takes a client, or the options that decide; by default the process-wide client decides. Throws an `OptionsError`
 * when an option is wrong; its methods never throw.
 */
export class SentrySampler extends ClientSampler {
  constructor(optionsOrClient?: ClientOptions | SentryClient) {
    const own = optionsOrClient === undefined ? undefined : settingsClientOf(optionsOrClient);
    super(() => own ?? getClient());
  }
}

/**
 * An OTel `TextMapPropagator` that continues traces across services by `sentry-trace`, `traceparent`
 * and the `sentry-` members of `baggage`, and makes each incoming request or message a unit of work
 * with scopes of its own. Traces that start here are sent on with the sampling context of the
 * process-wide client.
 *
 * Next to W3C propagators, put it last. Its methods never throw.
 */
export class SentryPropagator extends TracePropagator {
  constructor() {
    super({
      segmentSource: (span) => getClient()?.propagatedTrace(span),
      dscSource: (traceId, span) =>
        getClient()?.samplingContext({ traceId, isRecorded: isSampled(span) }),
      policy,
    });
  }
}

const policies = new WeakMap<SentryClient, PropagationPolicy>();

function policy(): PropagationPolicy | undefined {
  const client = getClient();
  if (client === undefined) return undefined;
  const known = policies.get(client) ?? propagationPolicy(client.settings);
  policies.set(client, known);
  return known;
}
