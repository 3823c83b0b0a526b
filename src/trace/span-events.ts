import type { SpanEvent } from "./finished-span.js";

// OTel's SDK keeps 128 unless told otherwise.
const MAX_EVENTS = 1000;

const NONE: readonly SpanEvent[] = Object.freeze([]);

/** Whether a span has any events: few have. */
export function hasEvents({ events }: { readonly events?: unknown }): boolean {
  return Array.isArray(events) && events.length > 0;
}

/** The events of a span, also of one that was made by hand: what is no event is left out. */
export function eventsOf({ events }: { readonly events?: unknown }): readonly SpanEvent[] {
  if (!Array.isArray(events) || events.length === 0) return NONE;
  const newest: readonly unknown[] =
    events.length > MAX_EVENTS ? events.slice(-MAX_EVENTS) : events;
  return newest.filter((event): event is SpanEvent => typeof event === "object" && event !== null);
}
