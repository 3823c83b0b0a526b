import type { Chunk } from "./chunk.js";
import { transactionName } from "./encoded-head.js";
import type { EncodedHead } from "./encoded-head.js";
import type { SegmentOrigin } from "./segment.js";
import type { TransactionFields } from "../client/capture-input.js";
import { jsonString } from "../support/text.js";
import type { ResourceView } from "../trace/span.js";

/**
 * The reason why spans are sent without their root: it is still open (`partial`), was sent earlier (`late`), its
 * transaction is full (`overflow`), or it never arrived (`orphan`).
 */
export type ContinuationReason = "late" | "orphan" | "overflow" | "partial";

/** The part of a transaction that its spans determine. */
export interface TransactionSpans {
  readonly head: EncodedHead;
  /** Entries of `spans`, joined by commas. */
  readonly spans: string;
  /** Size of `spans` in UTF-8. */
  readonly spansBytes: number;
  /** Number of those entries. The head counts as one more span. */
  readonly spanCount: number;
}

/**
 * A transaction with encoded spans, without the data that the client adds. Like all that waits with the text of spans, it is an
 * instance of a class and no literal: V8 allocates literals of one place in the code in the old generation once many have
 * survived, where each keeps its text alive until a full collection.
 */
export class AssembledTransaction implements TransactionSpans {
  readonly head: EncodedHead;
  readonly spans: string;
  readonly spansBytes: number;
  readonly spanCount: number;
  readonly origin: SegmentOrigin;
  readonly resource: ResourceView | undefined;

  constructor(content: TransactionSpans, segment: TransactionSegment) {
    this.head = content.head;
    this.spans = content.spans;
    this.spansBytes = content.spansBytes;
    this.spanCount = content.spanCount;
    this.origin = segment.origin;
    this.resource = segment.resource;
  }
}

/** The part of a segment that its transactions need. */
export interface TransactionSegment {
  readonly origin: SegmentOrigin;
  readonly resource: ResourceView | undefined;
}

/** Returns the root's transaction with the spans of its chunk. */
export function rootTransaction(head: EncodedHead, chunk: Chunk | undefined): TransactionSpans {
  return {
    head,
    spans: chunk === undefined ? "" : chunk.textFrom(0),
    spansBytes: chunk?.bytes ?? 0,
    spanCount: chunk?.count ?? 0,
  };
}

/**
 * Returns a transaction for spans that are sent without their root. It has the same trace, and its head is the first span
 * with its true parent, so that Sentry's trace view shows the spans in the right position.
 */
export function continuation(chunk: Chunk, reason: ContinuationReason): TransactionSpans {
  return {
    head: headOf(chunk.first, reason),
    spans: chunk.textFrom(1),
    spansBytes: chunk.bytesAfterFirst,
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

// Parses the encoded span. Continuations are rare, so this is cheaper than keeping more data of every span.
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

/** Returns the JSON fields of a transaction event that its spans determine, without braces. */
export function transactionFields(
  head: EncodedHead,
  { spans, spansBytes }: Pick<AssembledTransaction, "spans" | "spansBytes">,
): TransactionFields {
  const name = jsonString(head.name);
  return {
    beforeSpans: `"type":"transaction","platform":"node","transaction":${name},"transaction_info":{"source":"${head.source}"}${head.times},"spans":[`,
    spans,
    spansBytes,
    afterSpans: `]${head.measurements}${head.request}`,
  };
}

const SECONDS_PER_DAY = 86_400;

// Relay answers 200 and drops a transaction that started more than five days ago, or that ends more than a minute in
// the future. One day is left for delivery; spooled transactions expire before they are too old.
const MAX_AGE_SECONDS = 4 * SECONDS_PER_DAY;
const MAX_AHEAD_SECONDS = 30;

/**
 * Returns the head with times that Relay accepts. A start or end outside the window is moved to its bound, and the true
 * times are kept in the span data as `otel_sentry_bridge.original_start` and `otel_sentry_bridge.original_end` (ISO 8601,
 * UTC). Child spans keep their times, for which Relay has no window.
 */
export function headInWindow(head: EncodedHead, nowMillis: number): EncodedHead {
  const now = nowMillis / 1000;
  const earliest = now - MAX_AGE_SECONDS;
  const isAhead = head.end > now + MAX_AHEAD_SECONDS;
  if (head.start >= earliest && !isAhead) return head;
  const end = Math.max(isAhead ? now : head.end, earliest);
  const start = Math.min(Math.max(head.start, earliest), end);
  const moved = originalField("start", head.start, start) + originalField("end", head.end, end);
  return {
    ...head,
    start,
    end,
    times: `,"start_timestamp":${start.toFixed(6)},"timestamp":${end.toFixed(6)}`,
    // The string ends with the brace of `data`, which is never empty.
    traceContext: `${head.traceContext.slice(0, -1)}${moved}}`,
  };
}

function originalField(name: string, original: number, sent: number): string {
  if (original === sent) return "";
  const text = new Date(original * 1000).toISOString();
  return `,"otel_sentry_bridge.original_${name}":"${text}"`;
}
