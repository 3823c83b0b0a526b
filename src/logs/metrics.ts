import { context } from "@opentelemetry/api";

import { propertyOf } from "../support/foreign.js";
import { correlationOf } from "../context/correlation.js";
import type { MetricType } from "../protocol/items.js";
import { attributesObject } from "./item-attributes.js";
import type { MetricClient } from "./metric-capture.js";
import { clientFor } from "../context/global-client.js";

/** Unit and attributes of a metric value. */
export interface MetricOptions {
  /** A unit that Sentry knows (`millisecond`, `byte`, `percent`) or any other word. */
  readonly unit?: string | undefined;
  /**
   * Attributes to group and filter by. Each value is cut at 200 characters. If all of them, including those of the
   * scopes, exceed 1200 characters of JSON, the last ones are left out.
   */
  readonly attributes?: object | undefined;
}

/** Sends metric values with the trace and the scopes of the caller. */
export interface Metrics {
  /** Adds a value to a counter. Default: 1. */
  readonly count: (name: string, value?: number, options?: MetricOptions) => void;
  /** Sets the current value of a gauge. */
  readonly gauge: (name: string, value: number, options?: MetricOptions) => void;
  /** Adds a value to a distribution, for which Sentry shows percentiles. */
  readonly distribution: (name: string, value: number, options?: MetricOptions) => void;
}

/**
 * Sends metric values through the process-wide client, without aggregation. Requires `enableMetrics`. A metric with a
 * name of more than 200 characters or with a value that is not finite is not sent, and a diagnostic is logged. Never
 * throws.
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
  const client = clientFor<MetricClient>("metrics", "metrics");
  if (client === undefined || !client.metrics.isEnabled) return;
  try {
    const unit = propertyOf(options, "unit");
    client.metrics.capture({
      timestamp: Date.now() / 1000,
      name,
      type,
      value,
      unit: typeof unit === "string" ? unit : undefined,
      attributes: attributesObject(propertyOf(options, "attributes")),
      correlation: correlationOf(context.active()),
    });
  } catch (error) {
    client.metrics.dropUnread(error);
  }
}
