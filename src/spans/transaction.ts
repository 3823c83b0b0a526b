import type { Chunk } from "./chunk.js";
import { transactionName } from "./encoded-head.js";
import type { EncodedHead } from "./encoded-head.js";
import type { ResourceView } from "../trace/span.js";
import { jsonString } from "../support/text.js";
import type { SegmentOrigin } from "./segment.js";

/**
 * Why spans leave without their root: it is still open (`partial`), it has gone before them (`late`),
 * it holds as many as it can (`overflow`), or it was never seen (`orphan`).
 */
export type ContinuationReason = "late" | "orphan" | "overflow" | "partial";

/** A transaction whose spans are encoded; what is missing is what the client knows. */
export interface AssembledTransaction {
  readonly head: EncodedHead;
  /** Entries of `spans`, joined by commas. */
  readonly spans: string;
  /** Number of those entries; the head is one span more. */
  readonly spanCount: number;
  readonly origin: SegmentOrigin;
  readonly resource: ResourceView | undefined;
}

/** The root's own transaction, with the spans that were kept for it. */
export function rootTransaction(
  head: EncodedHead,
  chunk: Chunk | undefined,
): Pick<AssembledTransaction, "head" | "spanCount" | "spans"> {
  return {
    head,
    spans: chunk === undefined ? "" : chunk.first + chunk.rest,
    spanCount: chunk?.count ?? 0,
  };
}

/**
 * A transaction for spans that go without their root: same trace, their first span at its head with
 * its true parent, so that the trace view puts all of them where they belong.
 */
export function continuation(
  chunk: Chunk,
  reason: ContinuationReason,
): Pick<AssembledTransaction, "head" | "spanCount" | "spans"> {
  return {
    head: headOf(chunk.first, reason),
    spans: chunk.rest.slice(1),
    spanCount: chunk.count - 1,
  };
}

interface EncodedSpanJson {
  readonly trace_id: string;
  readonly span_id: string;
  readonly op?: string;
  readonly description: string;
  readonly start_timestamp: number;
  readonly timestamp: number;
  readonly measurements?: object;
  readonly data: Record<string, unknown>;
}

// Parsed back from its encoded form: continuations are rare, and keeping more than the form of every
// span that might begin one would not be.
function headOf(item: string, reason: ContinuationReason): EncodedHead {
  const { description, start_timestamp, timestamp, measurements, ...span } = JSON.parse(
    item,
  ) as EncodedSpanJson;
  const alreadySent = reason === "late" ? { "sentry.parent_span_already_sent": true } : {};
  const data = {
    ...span.data,
    "sentry.source": "custom",
    "otel_sentry_bridge.continuation": reason,
    ...alreadySent,
  };
  const traceContext = JSON.stringify({ ...span, data }).slice(1, -1);
  return {
    traceId: span.trace_id,
    spanId: span.span_id,
    name: transactionName(description),
    source: "custom",
    op: span.op,
    traceContext,
    start: start_timestamp,
    end: timestamp,
    times: `,"start_timestamp":${start_timestamp},"timestamp":${timestamp}`,
    measurements:
      measurements === undefined ? "" : `,"measurements":${JSON.stringify(measurements)}`,
    request: "",
    responseStatusCode: undefined,
  };
}

/** The start of a transaction event's JSON: all that the span side knows, without the closing brace. */
export function jsonTransaction(
  transaction: Pick<AssembledTransaction, "head" | "spans">,
  eventId: string,
): string {
  const { head } = transaction;
  return `{"event_id":"${eventId}","type":"transaction","platform":"node","transaction":${jsonString(head.name)},"transaction_info":{"source":"${head.source}"}${head.times},"spans":[${transaction.spans}]${head.measurements}${head.request}`;
}
