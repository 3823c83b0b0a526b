import { rowsOf } from "./span-tree.js";
import type { SpanRow } from "./span-tree.js";
import type {
  Arrival,
  CheckInView,
  ErrorView,
  FindingView,
  LogView,
  MetricView,
  Pair,
  ShownSpan,
  TransactionView,
} from "./views.js";

/** Everything that has arrived for one trace. */
export interface TraceRecord {
  readonly id: string;
  readonly spans: ShownSpan[];
  readonly transactions: TransactionView[];
  readonly errors: ErrorView[];
  readonly logs: LogView[];
  readonly metrics: MetricView[];
  readonly checkIns: CheckInView[];
  readonly findings: FindingView[];
}

/** A trace in the list of traces. */
export interface TraceSummary {
  readonly id: string;
  readonly name: string;
  readonly services: readonly string[];
  readonly isFailed: boolean;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly millis: number;
  readonly spans: number;
  readonly errors: readonly ErrorSummary[];
  /** Names, services, users and tags in lower case, for the search. */
  readonly text: string;
}

/** An error in the list of errors. */
interface ErrorSummary {
  readonly id: string;
  readonly title: string;
  readonly location: string;
  readonly service: string;
  readonly at: number;
  readonly level: string;
}

const MAX_TEXT_LENGTH = 2000;
const MAX_TITLE_LENGTH = 300;
const MAX_SUMMARY_ERRORS = 20;

/** Returns a trace without content. */
export function emptyRecord(id: string): TraceRecord {
  const items = { logs: [], metrics: [], checkIns: [], findings: [] };
  return { id, spans: [], transactions: [], errors: [], ...items };
}

/** Returns the id of the trace that an arrival belongs to; empty if it belongs to none. */
export function traceIdOf(arrival: Arrival): string {
  if (arrival.kind === "spans") return arrival.traceId;
  if (arrival.kind === "error") return arrival.error.traceId;
  if (arrival.kind === "log") return arrival.log.traceId;
  if (arrival.kind === "metric") return arrival.metric.traceId;
  if (arrival.kind === "finding") return arrival.finding.traceId;
  return arrival.kind === "checkIn" ? arrival.checkIn.traceId : "";
}

/** Adds an arrival to its trace. */
export function addTo(record: TraceRecord, arrival: Arrival): void {
  if (arrival.kind === "spans") {
    for (const span of arrival.spans) record.spans.push(span);
    if (arrival.transaction !== undefined) record.transactions.push(arrival.transaction);
  } else if (arrival.kind === "error") record.errors.push(arrival.error);
  else if (arrival.kind === "log") record.logs.push(arrival.log);
  else if (arrival.kind === "metric") record.metrics.push(arrival.metric);
  else if (arrival.kind === "checkIn") record.checkIns.push(arrival.checkIn);
  else if (arrival.kind === "finding") record.findings.push(arrival.finding);
}

/** Returns the earliest span without a parent in the trace. */
export function rootOf({ spans }: Pick<TraceRecord, "spans">): ShownSpan | undefined {
  const known = new Set(spans.map(({ id }) => id));
  const tops = spans.filter(({ parentId }) => !known.has(parentId));
  return tops.reduce<ShownSpan | undefined>(
    (first, span) => (first === undefined || span.start < first.start ? span : first),
    undefined,
  );
}

/** Returns the start (in milliseconds since 1970) and the duration of a trace in milliseconds. */
export function extentOf({ spans, errors }: Pick<TraceRecord, "spans" | "errors">): {
  start: number;
  millis: number;
} {
  let [start, end] = [Infinity, -Infinity];
  for (const span of spans) {
    start = Math.min(start, span.start);
    end = Math.max(end, span.start + span.millis);
  }
  if (start <= end) return { start, millis: end - start };
  return { start: errors[0]?.at ?? 0, millis: 0 };
}

/** Returns the services in the order of their first span. */
export function servicesOf({ spans, errors }: Pick<TraceRecord, "spans" | "errors">): string[] {
  const inOrder = spans.toSorted((a, b) => a.start - b.start).map(({ service }) => service);
  return [...new Set([...inOrder, ...errors.map(({ service }) => service)])];
}

/** Returns the summary of a trace for the list. */
export function summaryOf(record: TraceRecord): TraceSummary {
  const root = rootOf(record);
  const services = servicesOf(record);
  const failed = record.errors.some(({ level }) => level === "error" || level === "fatal");
  return {
    id: record.id,
    name: shortened(root?.name ?? record.errors[0]?.title ?? ""),
    services,
    isFailed: failed || record.spans.some(({ isRoot, isFailed }) => isRoot && isFailed),
    ...extentOf(record),
    spans: record.spans.length,
    errors: record.errors.slice(0, MAX_SUMMARY_ERRORS).map(errorSummary),
    text: searchText(record, services),
  };
}

function errorSummary({ eventId: id, ...error }: ErrorView): ErrorSummary {
  const { title, location, service, at, level } = error;
  return { id, title: shortened(title), location: shortened(location), service, at, level };
}

// Shortened, because all summaries are sent to each page that connects.
function shortened(text: string): string {
  return text.length > MAX_TITLE_LENGTH ? `${text.slice(0, MAX_TITLE_LENGTH)}…` : text;
}

function searchText(record: TraceRecord, services: readonly string[]): string {
  const scopes = [...record.transactions, ...record.errors].map(({ scope }) => scope);
  const texts = new Set([
    record.id,
    ...services,
    ...scopes.flatMap(({ user, tags }) => [...user, ...tags].map(pairText)),
    ...record.errors.flatMap(({ title, location }) => [title, location]),
    ...record.spans.flatMap(({ name, op }) => [name, op]),
  ]);
  return [...texts].join("\n").slice(0, MAX_TEXT_LENGTH).toLowerCase();
}

function pairText([key, value]: Pair): string {
  return `${key}=${value}`;
}

/** A row of the page's waterfall: its depth, and the indexes of its spans in `spans`. */
type DetailRow = readonly [depth: number, ...spans: number[]];

/** A trace as sent to the page. */
export interface TraceDetail extends Omit<TraceRecord, "id"> {
  readonly summary: TraceSummary;
  readonly services: readonly string[];
  readonly start: number;
  readonly millis: number;
  /** Rows with similar siblings folded. */
  readonly rows: readonly DetailRow[];
  readonly unfoldedRows: readonly DetailRow[];
}

/** Returns a trace with the rows of its waterfall. */
export function detailOf(record: TraceRecord): TraceDetail {
  const { spans, transactions, errors, logs, metrics, checkIns, findings } = record;
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
    findings,
  };
}
