import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, onTestFinished } from "vitest";

/** A metric as a reader gets it. */
export interface ReadMetric {
  readonly name: string;
  readonly unit: string;
  readonly type: string;
  readonly isMonotonic: boolean | undefined;
  readonly points: readonly { attributes: object; value: unknown }[];
}

/** A meter provider and what it collects. */
export interface MetricReader {
  readonly provider: MeterProvider;
  readonly collect: () => Promise<ReadMetric[]>;
  /** The value of the point with these attributes, beside the client's name. */
  readonly value: (metric: string, attributes?: object) => Promise<unknown>;
}

/** Starts a provider that collects when it is asked to, until the test has finished. */
export function startReader(): MetricReader {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const collect = async (): Promise<ReadMetric[]> => {
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    return resourceMetrics.scopeMetrics.flatMap(({ metrics: all }) =>
      all.map((metric) => ({
        name: metric.descriptor.name,
        unit: metric.descriptor.unit,
        type: DataPointType[metric.dataPointType] ?? "",
        isMonotonic: metric.dataPointType === DataPointType.SUM ? metric.isMonotonic : undefined,
        points: metric.dataPoints.map(({ attributes, value }) => ({ attributes, value })),
      })),
    );
  };
  return {
    provider,
    collect,
    async value(name, attributes = {}) {
      const metric = (await collect()).find((one) => one.name === name);
      const point = metric?.points.find((one) => {
        const known: Record<string, unknown> = { ...one.attributes };
        for (const key of ["otel.component.type", "otel.component.name"]) delete known[key];
        return JSON.stringify(known) === JSON.stringify(attributes);
      });
      return point?.value;
    },
  };
}
