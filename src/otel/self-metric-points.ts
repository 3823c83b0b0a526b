import { ValueType } from "@opentelemetry/api";
import type { MetricOptions } from "@opentelemetry/api";

import type { CategoryStats, ClientStats } from "../client/stats.js";
import type { Settings } from "../options/options.js";
import { isTransport } from "../options/validate.js";
import type { DiscardReason } from "../protocol/data-category.js";
import { parseDsn } from "../protocol/dsn.js";

/** One value of a metric; `errorType` is set if it counts failures. */
export interface MetricPoint {
  readonly value: number;
  readonly errorType?: string;
}

/** Values of the span metrics of a client (https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/). */
interface SpanPoints {
  /** Processed spans by outcome. Spans that the application chose to drop count as processed without an error. */
  readonly processed: readonly MetricPoint[];
  /** Ended spans that wait until their segment is complete. */
  readonly queueSize: number;
  /** Spans in the queue, in a request, or in the spool. */
  readonly inflight: number;
  /** Exported spans by outcome: accepted by the server, or lost after processing. */
  readonly exported: readonly MetricPoint[];
}

// Discard reasons that the application has configured; they do not count as failures.
const INTENDED: ReadonlySet<string> = new Set<DiscardReason>([
  "before_send",
  "disabled",
  "event_processor",
  "ignored",
  "reentrant",
  "sample_rate",
]);

/** Computes the values of the metrics from the counts of a client. */
export function spanPoints({ spans }: ClientStats): SpanPoints {
  const unprocessed = failures(spans.droppedEarly);
  const processed = spans.captured - sumOf(unprocessed);
  return {
    processed: [{ value: processed }, ...unprocessed.map(nameShutdown)],
    queueSize: spans.buffered,
    inflight: spans.queued + spans.spooled,
    exported: [{ value: spans.sent }, ...failures(droppedLate(spans))],
  };
}

function droppedLate({ dropped, droppedEarly }: CategoryStats): Record<string, number> {
  const early: Readonly<Record<string, number>> = droppedEarly;
  return Object.fromEntries(
    Object.entries(dropped).map(([reason, count]) => [reason, count - (early[reason] ?? 0)]),
  );
}

function failures(counts: Readonly<Record<string, number>>): Required<MetricPoint>[] {
  return Object.entries(counts)
    .filter(([reason, value]) => value > 0 && !INTENDED.has(reason))
    .map(([reason, value]) => ({ value, errorType: reason }));
}

// The semantic conventions call this error `already_shutdown`.
function nameShutdown({ value, errorType }: Required<MetricPoint>): MetricPoint {
  return { value, errorType: errorType === "closed" ? "already_shutdown" : errorType };
}

function sumOf(points: readonly MetricPoint[]): number {
  return points.reduce((sum, { value }) => sum + value, 0);
}

/** Name and options of an instrument, from the OTel semantic conventions. */
type Definition = [name: string, options: MetricOptions];

const SPANS = { unit: "{span}", valueType: ValueType.INT } as const;

/** Observable counter. */
export const PROCESSED: Definition = [
  "otel.sdk.processor.span.processed",
  {
    ...SPANS,
    description:
      "The number of spans for which the processing has finished, either successful or failed.",
  },
];

/** Observable up-down counter. */
export const QUEUE_SIZE: Definition = [
  "otel.sdk.processor.span.queue.size",
  {
    ...SPANS,
    description: "The number of spans in the queue of a given instance of an SDK span processor.",
  },
];

/** Observable up-down counter. */
export const INFLIGHT: Definition = [
  "otel.sdk.exporter.span.inflight",
  {
    ...SPANS,
    description:
      "The number of spans which were passed to the exporter, but that have not been exported yet (neither successful, nor failed).",
  },
];

/** Observable counter. */
export const EXPORTED: Definition = [
  "otel.sdk.exporter.span.exported",
  {
    ...SPANS,
    description:
      "The number of spans for which the export has finished, either successful or failed.",
  },
];

/** Histogram. */
export const DURATION: Definition = [
  "otel.sdk.exporter.operation.duration",
  {
    unit: "s",
    valueType: ValueType.DOUBLE,
    description: "The duration of exporting a batch of telemetry records.",
    // The SDK's default boundaries are for milliseconds, but this histogram is in seconds.
    advice: {
      explicitBucketBoundaries: [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
      ],
    },
  },
];

/** Attributes that identify a client in its metrics. */
export type ComponentAttributes = Readonly<Record<string, string | number>>;

const TYPE = "SentryClient";

// Stored under `Symbol.for`, so that names stay unique if the package is loaded twice.
const SLOT = Symbol.for("otel-sentry-bridge.components.v1");

const carrier: typeof globalThis & { [SLOT]?: number } = globalThis;

/** Returns the type and the name of the next client, numbered from 0 in the process. */
export function nextComponentAttributes(): ComponentAttributes {
  const count = carrier[SLOT] ?? 0;
  carrier[SLOT] = count + 1;
  return { "otel.component.type": TYPE, "otel.component.name": `${TYPE}/${count}` };
}

/** Returns the address of the server that a client sends to; empty for a custom transport. */
export function serverAttributes({ dsn, tunnel, transport }: Settings): ComponentAttributes {
  if (isTransport(transport) || dsn === undefined) return {};
  const { protocol, host, port } = parseDsn(dsn);
  return addressOf(new URL(tunnel ?? `${protocol}://${host}${port === "" ? "" : `:${port}`}`));
}

function addressOf({ hostname, port, protocol }: URL): ComponentAttributes {
  const usual = protocol === "http:" ? 80 : 443;
  return {
    "server.address": hostname.replace(/^\[(.*)\]$/u, "$1"),
    "server.port": port === "" ? usual : Number(port),
  };
}
