import { rowsOf } from "./span-tree.js";
import type { SpanRow } from "./span-tree.js";
import { extentOf, servicesOf, summaryOf } from "./trace-record.js";
import type { TraceRecord, TraceSummary } from "./trace-record.js";
import type { ShownSpan } from "./views.js";

/** A line of the page's waterfall: its depth, and the positions of its spans in the trace's list. */
export type DetailRow = readonly [depth: number, ...spans: number[]];

/** A trace as the page gets it. */
export interface TraceDetail extends Omit<TraceRecord, "id"> {
  readonly summary: TraceSummary;
  readonly services: readonly string[];
  readonly start: number;
  readonly millis: number;
  /** With repeated siblings folded. */
  readonly rows: readonly DetailRow[];
  readonly unfoldedRows: readonly DetailRow[];
}

/** Returns a trace with the rows of its waterfall. */
export function detailOf(record: TraceRecord): TraceDetail {
  const { spans, transactions, errors, logs, metrics, checkIns } = record;
  const positions = new Map(spans.map((span, index) => [span, index]));
  const toRow = (row: SpanRow): DetailRow => [row.depth, ...row.spans.map(positionOf)];
  const positionOf = (span: ShownSpan): number => positions.get(span) ?? 0;
  return {
    summary: summaryOf(record),
    services: servicesOf(record),
    ...extentOf(record),
    rows: rowsOf(spans, { fold: true }).map(toRow),
    unfoldedRows: rowsOf(spans, { fold: false }).map(toRow),
    spans,
    transactions,
    errors,
    logs,
    metrics,
    checkIns,
  };
}
