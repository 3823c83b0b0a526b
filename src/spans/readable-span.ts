import { attempt, ownKeys, setProperty } from "../support/foreign.js";
import type { AttributeBag, FinishedSpan, HighResolutionTime } from "../trace/span.js";
import { jsonValue, objectBudget } from "./json-values.js";
import type { ObjectBudget } from "./json-values.js";

const MAX_ATTRIBUTES = 1000;

/** Copies a span without properties that throw or have a wrong type; `nowMillis` replaces times that cannot be read. */
export function readableSpan(span: FinishedSpan, nowMillis: number): FinishedSpan {
  const now: HighResolutionTime = [Math.floor(nowMillis / 1000), (nowMillis % 1000) * 1e6];
  const start = readableTime(() => span.startTime);
  const end = readableTime(() => span.endTime);
  const lost = { events: lengthOf(() => span.events), links: lengthOf(() => span.links) };
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    parentSpanContext: span.parentSpanContext,
    startTime: start ?? end ?? now,
    endTime: end ?? start ?? now,
    status: attempt(() => ({ code: span.status.code, message: span.status.message }), {
      code: 0,
      message: undefined,
    }),
    attributes: readableAttributes(span),
    links: [],
    events: [],
    resource: span.resource,
    instrumentationScope: attempt(() => namedScope(span), { name: "" }),
    droppedAttributesCount: countOf(span.droppedAttributesCount),
    droppedEventsCount: countOf(span.droppedEventsCount) + lost.events,
    droppedLinksCount: countOf(span.droppedLinksCount) + lost.links,
  };
}

function readableTime(read: () => HighResolutionTime): HighResolutionTime | undefined {
  const time = attempt(read, undefined);
  return typeof time?.[0] === "number" && typeof time[1] === "number" ? time : undefined;
}

function namedScope({ instrumentationScope: { name } }: FinishedSpan): { name: string } {
  return { name: typeof name === "string" ? name : "" };
}

function countOf(count: unknown): number {
  return typeof count === "number" && Number.isFinite(count) ? count : 0;
}

function lengthOf(read: () => readonly unknown[]): number {
  return attempt(() => read().length, 0);
}

function readableAttributes(span: FinishedSpan): AttributeBag {
  const readable: Record<string, unknown> = {};
  const budget = objectBudget();
  for (const key of attempt<readonly string[]>(
    () => ownKeys(span.attributes, MAX_ATTRIBUTES),
    [],
  )) {
    const value = attempt(() => plain(span.attributes[key], budget), undefined);
    if (value !== undefined) setProperty(readable, key, value);
  }
  return readable;
}

// Reads values with getters or proxies here, where a value that throws can be left out.
function plain(value: unknown, budget: ObjectBudget): unknown {
  return typeof value === "object" && value !== null
    ? (JSON.parse(jsonValue(value, budget)) as unknown)
    : value;
}
