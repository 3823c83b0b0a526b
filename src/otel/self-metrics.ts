import { createNoopMeter, metrics } from "@opentelemetry/api";
import type {
  Attributes,
  BatchObservableCallback,
  Histogram,
  Meter,
  MeterProvider,
  Observable,
} from "@opentelemetry/api";

import type { ClientCore } from "../client/client-core.js";
import type { RegisteredClient } from "../context/global-client.js";
import { networkErrorCode } from "../delivery/http/send-failures.js";
import type { SendResult } from "../delivery/transport.js";
import { duringOwnCall } from "../support/own-call.js";
import { SDK_VERSION } from "../version.js";
import {
  DURATION,
  EXPORTED,
  INFLIGHT,
  PROCESSED,
  QUEUE_SIZE,
  nextComponentAttributes,
  serverAttributes,
  spanPoints,
} from "./self-metric-points.js";
import type { ComponentAttributes, MetricPoint } from "./self-metric-points.js";

/** The fields of a client that are measured. */
export type MeasuredClient = Pick<ClientCore, "diagnostics" | "settings" | "stats">;

/** Options of `attachSelfMetrics`. */
export interface SelfMetricsSettings {
  /** Default: the global meter provider, even if it is registered later. */
  readonly provider?: MeterProvider | undefined;
  /** Version of the meter. */
  readonly version?: string | undefined;
}

/** The delivery of one envelope, including retries. */
interface ExportOperation {
  readonly millis: number;
  /** Undefined if the envelope was delivered. */
  readonly errorType?: string | undefined;
  /** Status code of the last response, if there was one. */
  readonly statusCode?: number | undefined;
}

/** The metrics of one client. No method throws. */
export interface SelfMetrics {
  /**
   * Binds to the global meter provider if it has changed. The OTel API has no proxy for meter providers, so one that is
   * registered late can be found only by polling.
   */
  check(): void;
  /** Records the duration of one delivery. Does nothing without a meter provider. */
  recordOperation(operation: ExportOperation): void;
  /** Removes the callbacks of the instruments; `check` then does nothing. Idempotent. */
  detach(): void;
}

const METER = "otel-sentry-bridge";

/**
 * Exposes the counts of a client as OTel SDK metrics (https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/),
 * read when a metric reader collects. Does nothing without a meter provider. There is no `queue.capacity`: the
 * conventions count it in spans, but this package's limit is in bytes.
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
    this.#component ??= nextComponentAttributes();
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

  // A meter provider is foreign code: its errors must reach neither its reader nor a request, and a log that it writes
  // at each delivery must not cause another delivery.
  #guarded(run: () => void): void {
    try {
      duringOwnCall("transport", run);
    } catch (error) {
      this.#client.diagnostics.warnOnce(
        "self-metrics",
        "the metrics about otel-sentry-bridge itself are incomplete, because the meter provider threw an error",
        error,
      );
    }
  }
}

function withError(attributes: ComponentAttributes, { errorType }: MetricPoint): Attributes {
  return errorType === undefined ? attributes : { ...attributes, "error.type": errorType };
}

/**
 * The metrics of a client that is created after this object. Until `measure` is called, nothing is recorded. A meter
 * provider that is registered late is found when the first root span starts, and at each delivery.
 */
export class OperationMetrics {
  #metrics: SelfMetrics | undefined;

  measure(client: ClientCore): void {
    this.#metrics = attachSelfMetrics(client, { version: SDK_VERSION });
  }

  /** Binds to a meter provider that was registered late. */
  check(): void {
    this.#metrics?.check();
  }

  /** Records the delivery of one envelope, in milliseconds. */
  record(result: SendResult, millis: number): void {
    this.#metrics?.check();
    this.#metrics?.recordOperation({ millis, ...outcomeOf(result) });
  }

  detach(): void {
    this.#metrics?.detach();
  }
}

/** A client with the metrics about itself. */
export interface SelfMeasuringClient extends RegisteredClient {
  readonly operations: OperationMetrics;
}

function outcomeOf(result: SendResult): {
  readonly errorType: string | undefined;
  readonly statusCode?: number;
} {
  if (result.outcome === "retryable") {
    return { errorType: networkErrorCode(result.error) ?? result.error.name };
  }
  const { outcome, statusCode } = result;
  return { statusCode, errorType: outcome === "delivered" ? undefined : String(statusCode) };
}
