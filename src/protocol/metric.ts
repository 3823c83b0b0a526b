/** How the values of a metric are put together by the server. */
export type MetricType = "counter" | "distribution" | "gauge";

/** One value of a metric as `beforeSendMetric` sees it; it may be changed. */
export interface Metric {
  name: string;
  type: MetricType;
  value: number;
  unit?: string;
  attributes: Record<string, unknown>;
}
