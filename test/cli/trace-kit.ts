import { readError, readTransaction } from "../../src/inbox/read-events.js";
import { addTo, emptyRecord } from "../../src/inbox/trace-record.js";
import type { TraceRecord } from "../../src/inbox/trace-record.js";
import type { ReceivedError, ReceivedTransaction } from "../../src/testing/received.js";

export const TRACE_ID = "0123456789abcdef0123456789abcdef";

interface SpanTimes {
  readonly id: string;
  readonly parent?: string;
  readonly name?: string;
  readonly op?: string;
  /** Seconds. */
  readonly from: number;
  readonly to: number;
}

/** A transaction as it is received, of a root and its children. */
export function transactionOf(
  root: SpanTimes,
  children: readonly SpanTimes[] = [],
  traceId: string = TRACE_ID,
): ReceivedTransaction {
  return {
    type: "transaction",
    transaction: root.name ?? root.id,
    start_timestamp: root.from,
    timestamp: root.to,
    contexts: {
      trace: {
        trace_id: traceId,
        span_id: root.id,
        ...(root.parent !== undefined && { parent_span_id: root.parent }),
        ...(root.op !== undefined && { op: root.op }),
      },
    },
    spans: children.map((span) => ({
      span_id: span.id,
      trace_id: traceId,
      parent_span_id: span.parent ?? root.id,
      description: span.name ?? span.id,
      ...(span.op !== undefined && { op: span.op }),
      start_timestamp: span.from,
      timestamp: span.to,
    })),
  };
}

/** An error as it is received. */
export function errorOf(
  value: string,
  spanId: string = "none",
  traceId: string = TRACE_ID,
): ReceivedError {
  return {
    level: "error",
    exception: { values: [{ type: "TypeError", value }] },
    contexts: { trace: { trace_id: traceId, span_id: spanId } },
  };
}

/** A trace of what was received, read as the inbox reads it. */
export function recordOf(
  transactions: readonly unknown[],
  errors: readonly unknown[] = [],
  traceId: string = TRACE_ID,
): TraceRecord {
  const record = emptyRecord(traceId);
  for (const transaction of transactions) addTo(record, readTransaction(transaction));
  for (const error of errors) addTo(record, { kind: "error", error: readError(error) });
  return record;
}
