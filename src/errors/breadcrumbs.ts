import { runBeforeBreadcrumb } from "../client/hooks.js";
import type { CallSearch } from "../client/capture-input.js";
import type { ClientCore } from "../client/client-core.js";
import type { Attribution } from "../context/attribution.js";
import { unitOfSpan } from "../context/scope-context.js";
import type { BreadcrumbHint } from "../options/options.js";
import type { SeverityLevel, TransactionSpan } from "../protocol/events.js";
import { newestBreadcrumbs } from "../scope/scope-data.js";
import type { Breadcrumb } from "../scope/scope-data.js";
import type { SpanBreadcrumb, Unit } from "../scope/unit.js";
import { requestMethod } from "../semantics/http.js";
import { httpStatusOf } from "../semantics/infer-status.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { Segment } from "../spans/segment.js";
import { onceFor } from "../support/collections.js";
import { cut } from "../support/text.js";
import { attempt } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { FinishedSpan, SpanEvent } from "../trace/span.js";
import {
  SPAN_KIND,
  STATUS_CODE,
  eventsOf,
  hasEvents,
  isAttributeBag,
  validSpanId,
} from "../trace/span.js";

// Maximum number per span; the newest events are kept.
const MAX_EVENTS = 20;

/** Maximum number of CLIENT spans of one segment that belong to another unit of work than its root. */
const MAX_OTHER_UNITS = 1000;

const MILLIS_PER_SECOND = 1000;

/**
 * Records a finished span (a CLIENT span and span events) for the breadcrumbs of later error events in its unit of
 * work. A CLIENT span that is buffered in its segment is not recorded: it is read from the segment.
 */
export function recordBreadcrumbs(span: FinishedSpan, segment: Segment, limit: number): void {
  const isCall = span.kind === SPAN_KIND.CLIENT;
  if (!isCall && !hasEvents(span)) return;
  const unit = unitOfSpan(span);
  if (unit === undefined) return;
  if (hasEvents(span))
    for (const record of recordsOfEvents(span)) unit.addSpanBreadcrumb(record, limit);
  if (!isCall) return;
  if (segment.isTaken && segment.root !== span) noteUnit(segment, span, unit);
  else unit.addSpanBreadcrumb(new CallRecord(span), limit);
}

// Records the unit of a span that differs from that of its segment's root, which few spans do.
function noteUnit(segment: Segment, span: FinishedSpan, unit: Unit): void {
  if (unit === segment.origin.unit) return;
  segment.otherUnits ??= new Map<string, Unit>();
  if (segment.otherUnits.size < MAX_OTHER_UNITS)
    segment.otherUnits.set(validSpanId(span.spanContext().spanId), unit);
}

// A class, because V8 allocates literals that often survive a collection in the old generation (`scope-data`, `TrailNode`).
class CallRecord implements SpanBreadcrumb {
  readonly name: string;
  readonly kind: number;
  readonly time: FinishedSpan["endTime"];
  readonly attributes: FinishedSpan["attributes"];
  readonly hasFailed: boolean;

  constructor(span: FinishedSpan) {
    this.name = span.name;
    this.kind = span.kind;
    this.time = span.endTime;
    this.attributes = span.attributes;
    this.hasFailed = span.status.code === STATUS_CODE.ERROR;
  }
}

/**
 * Returns the breadcrumbs of an error: from the finished spans of its unit of work up to its time (in seconds since
 * 1970), and from the events of the open span in which it occurred. Never throws.
 */
export function breadcrumbsOfError(
  { scopes, trace }: Attribution,
  client: ClientCore,
  untilSeconds: number,
): Breadcrumb[] {
  const { spanBreadcrumbs, maxBreadcrumbs } = client.settings;
  if (!spanBreadcrumbs || maxBreadcrumbs === 0) return [];
  const { unit } = scopes;
  const until = untilSeconds + 1 / MILLIS_PER_SECOND;
  const left = [
    ...newestBreadcrumbs(unit.trail, maxBreadcrumbs),
    ...attempt(() => recordsOfOpenSpan(trace.span), []),
  ];
  const made = [
    ...left.map((record) => attempt(() => hinted(record), undefined)),
    ...encodedBreadcrumbs(trace.span, client, { unit, limit: maxBreadcrumbs, untilSeconds: until }),
  ];
  return made
    .map((each) =>
      each === undefined ? null : runBeforeBreadcrumb(each.breadcrumb, each.hint, client),
    )
    .filter((breadcrumb) => breadcrumb !== null)
    .filter(({ timestamp = 0 }) => timestamp <= until);
}

// Undefined for a span that has ended, because its events are already recorded in the unit.
function recordsOfOpenSpan(span: object | undefined): SpanBreadcrumb[] {
  if (span === undefined || ("ended" in span && span.ended === true)) return [];
  return recordsOfEvents(span);
}

function recordsOfEvents(span: { readonly events?: unknown }): SpanBreadcrumb[] {
  if (!hasEvents(span)) return [];
  return eventsOf(span)
    .slice(-MAX_EVENTS)
    .filter(isBreadcrumb)
    .map(({ name, time, attributes = {} }) => ({
      name,
      kind: undefined,
      time,
      attributes,
      hasFailed: false,
    }));
}

// Exceptions are excluded because they become error events, and measurements because they belong to the transaction.
function isBreadcrumb({ name, attributes }: SpanEvent): boolean {
  return name !== "exception" && attributes?.["sentry.measurement_value"] === undefined;
}

/** A breadcrumb, and the hint with which `beforeBreadcrumb` is called. */
interface MadeBreadcrumb {
  readonly breadcrumb: Breadcrumb;
  readonly hint: BreadcrumbHint;
}

function hinted(record: SpanBreadcrumb): MadeBreadcrumb {
  const { name, kind, attributes } = record;
  const of = { name, attributes };
  return {
    breadcrumb: breadcrumbOf(record),
    hint: kind === undefined ? { spanEvent: of } : { span: of },
  };
}

// The errors of a failing request find the same spans (`waitingCalls`).
const hintedOfEncoded = onceFor((span: TransactionSpan): MadeBreadcrumb => {
  const { description: name = "", data: attributes = {} } = span;
  const breadcrumb = Object.freeze(breadcrumbOfEncoded(span));
  return { breadcrumb, hint: { span: { name, attributes } } };
});

function encodedBreadcrumbs(
  span: object | undefined,
  client: ClientCore,
  search: CallSearch,
): readonly MadeBreadcrumb[] {
  const segment = span === undefined ? undefined : client.segmentOf(span);
  return attempt(
    () => (segment?.waitingCalls?.(search) ?? []).map((call) => hintedOfEncoded(call)),
    [],
  );
}

const MAX_MESSAGE_LENGTH = 2048;
const NANOS_PER_SECOND = 1e9;

/** The data of a CLIENT span from which a breadcrumb is built. */
interface ClientCall {
  readonly timestamp: number;
  readonly op: string;
  readonly description: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly hasFailed: boolean;
}

/** Builds the breadcrumb of a recorded span or span event (Sentry protocol: breadcrumbs). */
function breadcrumbOf(record: SpanBreadcrumb): Breadcrumb {
  const { kind } = record;
  return kind === undefined
    ? breadcrumbOfEvent(record)
    : breadcrumbOfCall(callOfRecord(record, kind));
}

/** Builds the breadcrumb of an encoded CLIENT span. */
function breadcrumbOfEncoded(span: TransactionSpan): Breadcrumb {
  const { timestamp, op = "default", description = "", data = {}, status } = span;
  return breadcrumbOfCall({ timestamp, op, description, data, hasFailed: status !== "ok" });
}

function callOfRecord(record: SpanBreadcrumb, kind: number): ClientCall {
  const { op = "default", description, data } = inferSpan({ ...record, kind });
  const { attributes, hasFailed } = record;
  const timestamp = secondsOf(record);
  return {
    timestamp,
    op,
    description,
    data: { ...(isAttributeBag(attributes) && attributes), ...data },
    hasFailed,
  };
}

function breadcrumbOfCall(call: ClientCall): Breadcrumb {
  const { timestamp, op, description } = call;
  const level = levelOf(call);
  if (op.startsWith("http"))
    return { timestamp, type: "http", category: "http", level, data: httpFields(call) };
  const message = cut(description, MAX_MESSAGE_LENGTH);
  return op.startsWith("db")
    ? { timestamp, type: "query", category: "query", level, message }
    : { timestamp, type: "default", category: op, level, message };
}

function breadcrumbOfEvent(record: SpanBreadcrumb): Breadcrumb {
  const data = normalize(record.attributes, { totalLength: 4096 });
  const hasData = typeof data === "object" && data !== null && Object.keys(data).length > 0;
  return {
    timestamp: secondsOf(record),
    type: "default",
    category: "span.event",
    level: "info",
    message: cut(record.name, MAX_MESSAGE_LENGTH),
    ...(hasData && !Array.isArray(data) && { data }),
  };
}

function secondsOf({ time: [seconds, nanos] }: SpanBreadcrumb): number {
  return seconds + nanos / NANOS_PER_SECOND;
}

function httpFields({ data }: ClientCall): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    url: data["url"],
    method: requestMethod(data),
    status_code: httpStatusOf(data),
    "http.query": data["http.query"],
    "http.fragment": data["http.fragment"],
  };
  return Object.freeze(
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  );
}

// The levels that the protocol defines for HTTP breadcrumbs; others follow the status of the span.
function levelOf({ data, hasFailed }: ClientCall): SeverityLevel {
  const status = httpStatusOf(data) ?? 0;
  if (status >= 500) return "error";
  if (status >= 400) return "warning";
  return hasFailed ? "error" : "info";
}
