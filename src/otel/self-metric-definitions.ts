import { ValueType } from "@opentelemetry/api";
import type { MetricOptions } from "@opentelemetry/api";

/** Name and options of an instrument, as the conventions have them. */
export type Definition = [name: string, options: MetricOptions];

const SPANS = { unit: "{span}", valueType: ValueType.INT } as const;

/** An observable counter. */
export const PROCESSED: Definition = [
  "otel.sdk.processor.span.processed",
  {
    ...SPANS,
    description:
      "The number of spans for which the processing has finished, either successful or failed.",
  },
];

/** An observable up-down counter. */
export const QUEUE_SIZE: Definition = [
  "otel.sdk.processor.span.queue.size",
  {
    ...SPANS,
    description: "The number of spans in the queue of a given instance of an SDK span processor.",
  },
];

/** An observable up-down counter. */
export const INFLIGHT: Definition = [
  "otel.sdk.exporter.span.inflight",
  {
    ...SPANS,
    description:
      "The number of spans which were passed to the exporter, but that have not been exported yet (neither successful, nor failed).",
  },
];

/** An observable counter. */
export const EXPORTED: Definition = [
  "otel.sdk.exporter.span.exported",
  {
    ...SPANS,
    description:
      "The number of spans for which the export has finished, either successful or failed.",
  },
];

/** A histogram. */
export const DURATION: Definition = [
  "otel.sdk.exporter.operation.duration",
  {
    unit: "s",
    valueType: ValueType.DOUBLE,
    description: "The duration of exporting a batch of telemetry records.",
    // The default boundaries are for milliseconds.
    advice: {
      explicitBucketBoundaries: [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
      ],
    },
  },
];
