/** An entry of a transaction's `spans` (protocol: span payload). Times are in seconds. */
export interface TransactionSpan {
  span_id: string;
  trace_id: string;
  parent_span_id?: string;
  op?: string;
  description?: string;
  origin?: string;
  status?: string;
  start_timestamp: number;
  timestamp: number;
  data?: Record<string, unknown>;
  links?: unknown[];
  measurements?: Record<string, { value: number; unit?: string }>;
}

/** A transaction event (protocol: transaction payload). Times are in seconds. */
export interface TransactionEvent {
  event_id: string;
  type: "transaction";
  platform: string;
  transaction: string;
  transaction_info: { source: string };
  start_timestamp: number;
  timestamp: number;
  spans: TransactionSpan[];
  contexts: Record<string, Record<string, unknown>>;
  tags?: Record<string, boolean | number | string>;
  user?: Record<string, unknown>;
  extra?: Record<string, unknown>;
  breadcrumbs?: { values: unknown[] };
  /** The request that a SERVER root answered (protocol: request interface). */
  request?: Record<string, unknown>;
  release?: string;
  environment?: string;
  dist?: string;
  server_name?: string;
  sdk?: { name: string; version: string };
  measurements?: Record<string, { value: number; unit?: string }>;
}
