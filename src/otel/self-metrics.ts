import { createNoopMeter, metrics } from "@opentelemetry/api";
import type {
  Attributes,
  BatchObservableCallback,
  Histogram,
  Meter,
  MeterProvider,
  Observable,
} from "@opentelemetry/api";

import { duringOwnCall } from "../support/own-call.js";
import type { SentryClient } from "../client/client.js";
import { nextComponent, serverAttributes } from "./component-attributes.js";
import type { ComponentAttributes } from "./component-attributes.js";
import { DURATION, EXPORTED, INFLIGHT, PROCESSED, QUEUE_SIZE } from "./self-metric-definitions.js";
import { spanPoints } from "./self-metric-points.js";
import type { MetricPoint } from "./self-metric-points.js";

/** What of a client is measured. */
export type MeasuredClient = Pick<SentryClient, "diagnostics" | "settings" | "stats">;

/** Where the metrics go. */
export interface SelfMetricsSettings {
  /** Default: the one that is registered with the API, then or later. */
  readonly provider?: MeterProvider | undefined;
  /** Version of this package, as the meter's. */
  readonly version?: string | undefined;
}

/** How an envelope's delivery ended, retries and the time between them included. */
export interface ExportOperation {
  readonly millis: number;
  /** Undefined when it was delivered. */
  readonly errorType?: string | undefined;
  /** Of the last response, if there was one. */
  readonly statusCode?: number | undefined;
}

/** The metrics of one client. None of the methods throws. */
export interface SelfMetrics {
  /**
   * Looks whether another meter provider is registered than the last time, and takes it. The API has
   * no proxy for it: one that is registered late is found only by looking again.
   */
  check(): void;
  /** Adds one delivery to the durations; does nothing where nobody measures. */
  recordOperation(operation: ExportOperation): void;
  /** Takes the instruments' callbacks back, for ever. Idempotent. */
  detach(): void;
}

const METER = "otel-sentry-bridge";

/**
 * Tells a client's counts as OpenTelemetry's own components tell theirs
 * (https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/). They are read when a metric reader
 * collects; without a meter provider nothing is done. There is no `queue.capacity`: the conventions
 * count it in spans, and the bound is one of bytes.
 */
export function attachSelfMetrics(
  client: MeasuredClient,
  settings: SelfMetricsSettings = {},
): SelfMetrics {
  const attached = new AttachedMetrics(client, settings);
  attached.check();
  return attached;
}

interface Instruments {
  readonly meter: Meter;
  readonly observed: Observable[];
  readonly collect: BatchObservableCallback;
  readonly duration: Histogram;
}

class AttachedMetrics implements SelfMetrics {
  readonly #client: MeasuredClient;
  readonly #settings: SelfMetricsSettings;
  #seen: MeterProvider | undefined;
  #instruments: Instruments | undefined;
  #component: ComponentAttributes | undefined;
  #server: ComponentAttributes = {};
  #isDetached = false;

  constructor(client: MeasuredClient, settings: SelfMetricsSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  check(): void {
    const provider = this.#settings.provider ?? metrics.getMeterProvider();
    if (provider === this.#seen || this.#isDetached) return;
    this.#seen = provider;
    this.#guarded(() => this.#bind(provider));
  }

  recordOperation({ millis, errorType, statusCode }: ExportOperation): void {
    const duration = this.#instruments?.duration;
    if (duration === undefined) return;
    this.#guarded(() =>
      duration.record(millis / 1000, {
        ...this.#component,
        ...this.#server,
        ...(errorType === undefined ? {} : { "error.type": errorType }),
        ...(statusCode === undefined ? {} : { "http.response.status_code": statusCode }),
      }),
    );
  }

  detach(): void {
    this.#isDetached = true;
    this.#guarded(() => this.#unbind());
  }

  #bind(provider: MeterProvider): void {
    this.#unbind();
    const meter = provider.getMeter(METER, this.#settings.version);
    if (meter === createNoopMeter()) return;
    this.#component ??= nextComponent();
    this.#server = serverAttributes(this.#client.settings);
    this.#instruments = this.#observe(meter);
  }

  #unbind(): void {
    const known = this.#instruments;
    this.#instruments = undefined;
    known?.meter.removeBatchObservableCallback(known.collect, known.observed);
  }

  #observe(meter: Meter): Instruments {
    const processed = meter.createObservableCounter(...PROCESSED);
    const queueSize = meter.createObservableUpDownCounter(...QUEUE_SIZE);
    const inflight = meter.createObservableUpDownCounter(...INFLIGHT);
    const exported = meter.createObservableCounter(...EXPORTED);
    const duration = meter.createHistogram(...DURATION);
    const observed = [processed, queueSize, inflight, exported];
    const component = this.#component ?? {};
    const exporter = { ...component, ...this.#server };

    const collect: BatchObservableCallback = (result) =>
      this.#guarded(() => {
        const points = spanPoints(this.#client.stats());
        for (const point of points.processed)
          result.observe(processed, point.value, withError(component, point));
        result.observe(queueSize, points.queueSize, component);
        result.observe(inflight, points.inflight, exporter);
        for (const point of points.exported)
          result.observe(exported, point.value, withError(exporter, point));
      });

    meter.addBatchObservableCallback(collect, observed);
    return { meter, observed, collect, duration };
  }

  // A meter provider is another's code: what it throws must reach neither its reader nor a request, and what it logs at
  // each delivery must not become another delivery.
  #guarded(run: () => void): void {
    try {
      duringOwnCall("transport", run);
    } catch (error) {
      this.#client.diagnostics.warnOnce("self-metrics", "the bridge's own metrics failed", error);
    }
  }
}

function withError(attributes: ComponentAttributes, { errorType }: MetricPoint): Attributes {
  return errorType === undefined ? attributes : { ...attributes, "error.type": errorType };
}
