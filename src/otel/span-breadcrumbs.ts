import type { SentryClient } from "../client/client.js";
import { guardCallback } from "../diagnostics/diagnostics.js";
import { attempt } from "../normalize/foreign.js";
import { crumbsOf } from "../scope/breadcrumb-trail.js";
import type { Breadcrumb } from "../scope/scope-data.js";
import type { SpanCrumb } from "../scope/span-crumb.js";
import type { Unit } from "../scope/unit.js";
import { SPAN_KIND, STATUS_CODE } from "../semantics/span-view.js";
import type { FinishedSpan, SpanEvent } from "../tracing/finished-span.js";
import { crumbOf } from "./crumb-of-span.js";
import { eventsOf, hasEvents } from "./span-events.js";
import type { ErrorPlace } from "./error-places.js";

// Of one span; the newest ones tell most.
const MAX_EVENTS = 20;

const MILLIS_PER_SECOND = 1000;
const NANOS_PER_SECOND = 1e9;

/** Leaves what a finished span has to tell for the breadcrumbs of its unit's later error events. */
export function leaveCrumbs(span: FinishedSpan, unit: Unit, limit: number): void {
  if (hasEvents(span)) for (const crumb of eventCrumbs(span)) unit.leave(crumb, limit);
  if (span.kind !== SPAN_KIND.CLIENT) return;
  const { name, kind, endTime: time, attributes, status } = span;
  unit.leave({ name, kind, time, attributes, hasFailed: status.code === STATUS_CODE.ERROR }, limit);
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
  const left = crumbsOf(scopes.unit.trail, maxBreadcrumbs);
  const crumbs = [...left, ...attempt(() => openCrumbs(trace?.span), [])];
  return crumbs
    .map((crumb) => hookedCrumb(crumb, client))
    .filter((crumb) => crumb !== undefined)
    .filter(({ timestamp = 0 }) => timestamp <= untilSeconds + 1 / MILLIS_PER_SECOND);
}

// Events of a span that has ended are in the unit's trail.
function openCrumbs(span: object | undefined): SpanCrumb[] {
  if (span === undefined || ("ended" in span && span.ended === true)) return [];
  return eventCrumbs(span);
}

function eventCrumbs(span: { readonly events?: unknown }): SpanCrumb[] {
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

function hookedCrumb(
  crumb: SpanCrumb,
  { settings, diagnostics }: SentryClient,
): Breadcrumb | undefined {
  const timestamp = crumb.time[0] + crumb.time[1] / NANOS_PER_SECOND;
  const made = attempt<Breadcrumb | undefined>(() => ({ timestamp, ...crumbOf(crumb) }), undefined);
  const { beforeBreadcrumb } = settings;
  if (made === undefined || beforeBreadcrumb === undefined) return made;
  const outcome = guardCallback(diagnostics, "beforeBreadcrumb", () => beforeBreadcrumb(made));
  return outcome.ok ? (outcome.value ?? undefined) : made;
}
