import type { AttributeBag } from "../semantics/span-view.js";
import type { FinishedSpan } from "./finished-span.js";

/** The same span without the attributes, links and events that cannot be read. */
export function readableSpan(span: FinishedSpan): FinishedSpan {
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    parentSpanContext: span.parentSpanContext,
    startTime: span.startTime,
    endTime: span.endTime,
    status: span.status,
    attributes: readableAttributes(span),
    links: [],
    events: [],
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.events.length + span.droppedEventsCount,
    droppedLinksCount: span.links.length + span.droppedLinksCount,
  };
}

function readableAttributes(span: FinishedSpan): AttributeBag {
  const readable: Record<string, unknown> = {};
  for (const key of attempt(() => Object.keys(span.attributes)) ?? []) {
    const value = attempt(() => plain(span.attributes[key]));
    if (value !== undefined) readable[key] = value;
  }
  return readable;
}

// A value with a getter or a proxy inside is read here, where it can be left out.
function plain(value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? (JSON.parse(JSON.stringify(value)) as unknown)
    : value;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
