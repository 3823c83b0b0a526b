import { readScope, serviceOf } from "./read-scope.js";
import type { Arrival, SpanView } from "./views.js";
import { attributesOf, entriesOf, listOf, pairsOf, recordOf, textOf, timeOf } from "./wire.js";
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
    traceId: textOf(trace["trace_id"]),
    spans: [{ ...root, isRoot: true }, ...children],
    transaction: {
      eventId: textOf(event["event_id"]),
      spanId: root.id,
      name: root.name,
      service,
      scope: readScope(event),
    },
  };
}

/** Reads spans that travel without a transaction, one arrival for each trace. */
export function readSpanContainer(payload: unknown): Arrival[] {
  const byTrace = new Map<string, SpanView[]>();
  for (const item of entriesOf(payload)) {
    const span = recordOf(item);
    const traceId = textOf(span["trace_id"]);
    const spans = byTrace.get(traceId) ?? [];
    spans.push(standaloneSpanOf(span));
    byTrace.set(traceId, spans);
  }
  return Array.from(byTrace, ([traceId, spans]) => ({ kind: "spans", traceId, spans }));
}

function standaloneSpanOf(span: WireRecord): SpanView {
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

function spanOf(span: WireRecord, service: string): SpanView {
  const start = timeOf(span["start_timestamp"]);
  const end = timeOf(span["timestamp"]);
  if (start === undefined || end === undefined) throw new Error("a span has no start or no end");
  const op = textOf(span["op"]);
  const status = textOf(span["status"]);
  return {
    id: textOf(span["span_id"]),
    parentId: textOf(span["parent_span_id"]),
    name: textOf(span["description"]) || op || "(no name)",
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
