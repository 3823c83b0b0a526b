import type { SpanContext } from "@opentelemetry/api";
import { SPAN_KIND } from "../../src/trace/span.js";
import type {
  AttributeBag,
  FinishedSpan,
  HighResolutionTime,
  SpanDescription,
} from "../../src/trace/span.js";

export const TRACE_ID = "4c79f60c11214eb38604f4ae0781bfb2";
export const START: HighResolutionTime = [1_795_341_600, 123_456_789];
export const END: HighResolutionTime = [1_795_341_600, 456_789_012];

/** What a test says about a span; everything else is that of a plain one. */
export interface SpanChanges extends Partial<FinishedSpan> {
  readonly traceId?: string;
  readonly spanId?: string;
  /** A local parent of the same trace. */
  readonly parentSpanId?: string;
}

let nextId = 1;

/** An id that no other span has. */
export function newSpanId(): string {
  return `f${(nextId++).toString(16).padStart(15, "0")}`;
}

/** A finished span without an SDK, which would clean bad values away. */
export function spanOf(changes: SpanChanges = {}): FinishedSpan {
  const { traceId = TRACE_ID, spanId = newSpanId(), parentSpanId, ...fields } = changes;
  const identity: SpanContext = { traceId, spanId, traceFlags: 1 };
  const parent =
    parentSpanId === undefined
      ? {}
      : { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags: 1 } };
  return {
    name: "work",
    kind: 0,
    spanContext: () => identity,
    startTime: START,
    endTime: END,
    status: { code: 0 },
    attributes: {},
    links: [],
    events: [],
    resource: { attributes: { "service.name": "shop" } },
    instrumentationScope: { name: "test", version: "1.2.3" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...parent,
    ...fields,
  };
}

/** A span's name, kind and attributes, of which its operation and description are made. */
export function descriptionOf(
  kind: keyof typeof SPAN_KIND,
  attributes: AttributeBag,
  name = "name",
): SpanDescription {
  return { name, kind: SPAN_KIND[kind], attributes };
}

export function idOf(span: FinishedSpan): string {
  return span.spanContext().spanId;
}
