import type { CategoryStats, ClientStats } from "../client/stats.js";
import type { DiscardReason } from "../protocol/data-category.js";

/** One number of a metric, and what failed, if so. */
export interface MetricPoint {
  readonly value: number;
  readonly errorType?: string;
}

/** What the metrics of a client's spans say (https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/). */
export interface SpanPoints {
  /** By outcome: spans that were handed on or left out as intended, and those that could not be. */
  readonly processed: readonly MetricPoint[];
  /** Spans that have ended and wait for their segment. */
  readonly queueSize: number;
  /** Spans that wait to be sent, are under way, or wait on disk. */
  readonly inflight: number;
  /** By outcome: spans that the server has accepted, and those that were lost on the way. */
  readonly exported: readonly MetricPoint[];
}

// What happens because the application wants it so is no failure.
const INTENDED: ReadonlySet<string> = new Set<DiscardReason>([
  "before_send",
  "disabled",
  "event_processor",
  "ignored",
  "reentrant",
  "sample_rate",
]);

/** Reads the points of a client's counts. */
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

// The name that the conventions have for it.
function nameShutdown({ value, errorType }: Required<MetricPoint>): MetricPoint {
  return { value, errorType: errorType === "closed" ? "already_shutdown" : errorType };
}

function sumOf(points: readonly MetricPoint[]): number {
  return points.reduce((sum, { value }) => sum + value, 0);
}
