import { hookedBreadcrumb } from "../client/breadcrumb-hook.js";
import type { SentryClient } from "../client/client.js";
import { attempt } from "../support/foreign.js";
import type { BreadcrumbHint } from "../options/options.js";
import type { TransactionSpan } from "../protocol/transaction-event.js";
import { crumbsOf } from "../scope/breadcrumb-trail.js";
import type { Breadcrumb } from "../scope/scope-data.js";
import type { SpanCrumb } from "../scope/span-crumb.js";
import type { Unit } from "../scope/unit.js";
import { SPAN_KIND, STATUS_CODE } from "../trace/span-view.js";
import type { FinishedSpan, SpanEvent } from "../trace/finished-span.js";
import { validSpanId } from "../trace/ids.js";
import type { Segment } from "../spans/segment.js";
import { crumbOf, crumbOfSent } from "./crumb-of-span.js";
import type { ErrorPlace } from "../context/error-places.js";
import { eventsOf, hasEvents } from "../trace/span-events.js";
import { unitOfSpan } from "../context/span-slots.js";

// Of one span; the newest ones tell most.
const MAX_EVENTS = 20;

/** Client spans of other units than the root's, of one segment. */
const MAX_OTHER_UNITS = 1000;

const MILLIS_PER_SECOND = 1000;

/**
 * Leaves what a finished span has to tell for the breadcrumbs of its unit's later error events. What is sent
 * with its segment is found there.
 */
export function leaveCrumbs(span: FinishedSpan, segment: Segment, limit: number): void {
  const isCall = span.kind === SPAN_KIND.CLIENT;
  if (!isCall && !hasEvents(span)) return;
  const unit = unitOfSpan(span);
  if (unit === undefined) return;
  for (const crumb of eventCrumbs(span)) unit.leave(crumb, limit);
  if (!isCall) return;
  if (segment.isTaken && segment.root !== span) noteUnit(segment, span, unit);
  else unit.leave(recordOf(span), limit);
}

// Of one segment few are of another unit than its root.
function noteUnit(segment: Segment, span: FinishedSpan, unit: Unit): void {
  if (unit === segment.origin.unit) return;
  segment.otherUnits ??= new Map<string, Unit>();
  if (segment.otherUnits.size < MAX_OTHER_UNITS)
    segment.otherUnits.set(validSpanId(span.spanContext().spanId), unit);
}

function recordOf({ name, kind, endTime: time, attributes, status }: FinishedSpan): SpanCrumb {
  return { name, kind, time, attributes, hasFailed: status.code === STATUS_CODE.ERROR };
}

/**
 * The breadcrumbs that the spans of an error's unit have left up to its time (seconds since 1970), and
 * those of the span that it arose in. Never throws.
 */
export function breadcrumbsOfPlace(
  { scopes, trace }: ErrorPlace,
  client: SentryClient,
  untilSeconds: number,
): Breadcrumb[] {
  const { spanBreadcrumbs, maxBreadcrumbs } = client.settings;
  if (!spanBreadcrumbs || maxBreadcrumbs === 0) return [];
  const { unit } = scopes;
  const left = [
    ...crumbsOf(unit.trail, maxBreadcrumbs),
    ...attempt(() => openCrumbs(trace.span), []),
  ];
  const made = [
    ...left.map((crumb) => attempt(() => madeOf(crumb), undefined)),
    ...sentCrumbs(trace.span, unit, client),
  ];
  return made
    .map((each) =>
      each === undefined ? null : hookedBreadcrumb(each.breadcrumb, each.hint, client),
    )
    .filter((crumb) => crumb !== null)
    .filter(({ timestamp = 0 }) => timestamp <= untilSeconds + 1 / MILLIS_PER_SECOND);
}

// Events of a span that has ended are in the unit's trail.
function openCrumbs(span: object | undefined): SpanCrumb[] {
  if (span === undefined || ("ended" in span && span.ended === true)) return [];
  return eventCrumbs(span);
}

function eventCrumbs(span: { readonly events?: unknown }): SpanCrumb[] {
  if (!hasEvents(span)) return [];
  return eventsOf(span)
    .slice(-MAX_EVENTS)
    .filter(isCrumb)
    .map(({ name, time, attributes = {} }) => ({
      name,
      kind: undefined,
      time,
      attributes,
      hasFailed: false,
    }));
}

// The exception is the event itself, or one of its own; a measurement is a number of the span.
function isCrumb({ name, attributes }: SpanEvent): boolean {
  return name !== "exception" && attributes?.["sentry.measurement_value"] === undefined;
}

/** A breadcrumb, and what `beforeBreadcrumb` gets with it. */
interface MadeBreadcrumb {
  readonly breadcrumb: Breadcrumb;
  readonly hint: BreadcrumbHint;
}

function madeOf(crumb: SpanCrumb): MadeBreadcrumb {
  const { name, kind, attributes } = crumb;
  const of = { name, attributes };
  return {
    breadcrumb: crumbOf(crumb),
    hint: kind === undefined ? { spanEvent: of } : { span: of },
  };
}

function madeOfSent(span: TransactionSpan): MadeBreadcrumb {
  const { description: name = "", data: attributes = {} } = span;
  return { breadcrumb: crumbOfSent(span), hint: { span: { name, attributes } } };
}

function sentCrumbs(
  span: object | undefined,
  unit: Unit,
  client: SentryClient,
): readonly MadeBreadcrumb[] {
  const segment = span === undefined ? undefined : client.segmentOf(span);
  return attempt(() => (segment?.waitingCalls?.(unit) ?? []).map(madeOfSent), []);
}
