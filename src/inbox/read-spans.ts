import { readScope, serviceOf } from "./read-scope.js";
import type { Arrival, ShownSpan } from "./views.js";
import { attributesOf, entriesOf, listOf, pairsOf, recordOf, shownText, timeOf } from "./wire.js";
import type { WireRecord } from "./wire.js";

// Of Sentry's statuses, those that are no failure.
const FINE = new Set(["", "ok", "cancelled", "unknown", "unset"]);

/** Reads a transaction. Throws for one without times. */
export function readTransaction(payload: unknown): Arrival {
  const event = recordOf(payload);
  const trace = recordOf(recordOf(event["contexts"])["trace"]);
  const service = serviceOf(event);
  const root = spanOf({ ...trace, ...timesOf(event), description: event["transaction"] }, service);
  const children = listOf(event["spans"]).map((span) => spanOf(recordOf(span), service));
  return {
    kind: "spans",
    traceId: shownText(trace["trace_id"]),
    spans: [{ ...root, isRoot: true }, ...children],
    transaction: {
      eventId: shownText(event["event_id"]),
      spanId: root.id,
      name: root.name,
      service,
      scope: readScope(event),
    },
  };
}

/** Reads spans that travel without a transaction, one arrival for each trace. */
export function readSpanContainer(payload: unknown): Arrival[] {
  const byTrace = new Map<string, ShownSpan[]>();
  for (const item of entriesOf(payload)) {
    const span = recordOf(item);
    const traceId = shownText(span["trace_id"]);
    const spans = byTrace.get(traceId) ?? [];
    spans.push(standaloneSpanOf(span));
    byTrace.set(traceId, spans);
  }
  return Array.from(byTrace, ([traceId, spans]) => ({ kind: "spans", traceId, spans }));
}

function standaloneSpanOf(span: WireRecord): ShownSpan {
  const data = attributesOf(span["attributes"]);
  const known = Object.fromEntries(data);
  const service = known["service.name"] ?? known["server.address"] ?? "unknown";
  return {
    ...spanOf({ ...span, timestamp: span["end_timestamp"], description: span["name"] }, service),
    op: known["sentry.op"] ?? "",
    isRoot: span["is_segment"] === true,
    data,
  };
}

function spanOf(span: WireRecord, service: string): ShownSpan {
  const start = timeOf(span["start_timestamp"]);
  const end = timeOf(span["timestamp"]);
  if (start === undefined || end === undefined) throw new Error("a span has no start or no end");
  const op = shownText(span["op"]);
  const status = shownText(span["status"]);
  return {
    id: shownText(span["span_id"]),
    parentId: shownText(span["parent_span_id"]),
    name: shownText(span["description"]) || op || "(no name)",
    op,
    status,
    isFailed: !FINE.has(status),
    service,
    start,
    millis: Math.max(end - start, 0),
    isRoot: false,
    data: pairsOf({ origin: span["origin"], ...recordOf(span["data"]), ...linksOf(span) }),
  };
}

function timesOf({ start_timestamp, timestamp }: WireRecord): WireRecord {
  return { start_timestamp, timestamp };
}

function linksOf({ links }: WireRecord): WireRecord {
  return listOf(links).length === 0 ? {} : { links };
}
