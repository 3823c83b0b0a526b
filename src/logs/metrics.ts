import { context } from "@opentelemetry/api";

import { memberOf } from "../support/foreign.js";
import { telemetryPlace } from "../context/telemetry-place.js";
import { setDetachedTimer } from "../context/suppress-tracing.js";
import type { MetricType } from "../protocol/items.js";
import { clientTelemetry } from "./client-telemetry.js";
import { clientFor } from "../context/global-client.js";

/** What a value of a metric may say beside its name. */
export interface MetricOptions {
  /** As Sentry names it: `millisecond`, `byte`, `percent`, or any word. */
  readonly unit?: string | undefined;
  /** What values can be told apart by. About 1200 characters of JSON are sent, the scopes' attributes among them, values cut at 200. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** Sends values of metrics to Sentry, with the trace and the scopes of the code that calls. */
export interface Metrics {
  /** Counts something, by 1 unless said otherwise. */
  readonly count: (name: string, value?: number, options?: MetricOptions) => void;
  /** Tells a value as it is now. */
  readonly gauge: (name: string, value: number, options?: MetricOptions) => void;
  /** Tells one of many values, of which percentiles are wanted. */
  readonly distribution: (name: string, value: number, options?: MetricOptions) => void;
}

/**
 * Sends values of metrics to Sentry by the process-wide client, each by itself. A name of more than 200
 * characters, or a value that is not finite, is a diagnostic and not sent. Never throws.
 */
export const metrics: Metrics = Object.freeze({
  count: (name, value = 1, options) => send("counter", { name, value, options }),
  gauge: (name, value, options) => send("gauge", { name, value, options }),
  distribution: (name, value, options) => send("distribution", { name, value, options }),
} satisfies Metrics);

interface Given {
  readonly name: string;
  readonly value: number;
  readonly options: MetricOptions | undefined;
}

function send(type: MetricType, { name, value, options }: Given): void {
  const client = clientFor("metrics");
  if (client === undefined || !client.settings.enableMetrics) return;
  try {
    const unit = memberOf(options, "unit");
    clientTelemetry(client, setDetachedTimer).metrics.capture({
      timestamp: Date.now() / 1000,
      name,
      type,
      value,
      unit: typeof unit === "string" ? unit : undefined,
      attributes: asObject(memberOf(options, "attributes")),
      place: telemetryPlace(context.active()),
    });
  } catch (error) {
    client.ledger.early.record("internal_sdk_error", [{ category: "trace_metric", quantity: 1 }]);
    client.diagnostics.warnOnce("metrics", "a metric could not be taken", error);
  }
}

function asObject(attributes: unknown): object {
  return typeof attributes === "object" && attributes !== null ? attributes : {};
}
