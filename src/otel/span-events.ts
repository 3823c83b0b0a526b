import type { SpanEvent } from "../tracing/finished-span.js";

const NONE: readonly SpanEvent[] = Object.freeze([]);

/** Whether a span has any events: few have. */
export function hasEvents({ events }: { readonly events?: unknown }): boolean {
  return Array.isArray(events) && events.length > 0;
}

/** The events of a span, also of one that was made by hand: what is no event is left out. */
export function eventsOf({ events }: { readonly events?: unknown }): readonly SpanEvent[] {
  if (!Array.isArray(events) || events.length === 0) return NONE;
  return events.filter((event): event is SpanEvent => typeof event === "object" && event !== null);
}
