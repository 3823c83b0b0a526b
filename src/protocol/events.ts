/** How serious an event is. Relay stores `log` as `info`. */
export type SeverityLevel = "debug" | "error" | "fatal" | "info" | "log" | "warning";

/** All levels. */
export const SEVERITY_LEVELS: ReadonlySet<unknown> = new Set<SeverityLevel>([
  "debug",
  "error",
  "fatal",
  "info",
  "log",
  "warning",
]);

/** A JSON object with arbitrary fields. */
export type JsonRecord = Record<string, unknown>;

/** How an exception was captured, and its position in a chain of errors (protocol: exception mechanism). */
export interface Mechanism {
  /** `generic` for `captureException`, `chained` for a linked error, else the origin of the capture. */
  type: string;
  /** False if the application did not catch the error. */
  handled: boolean;
  /** True if this package generated the type or the stack. */
  synthetic?: boolean;
  /** The parent's property that contains this error: `cause`, `errors[0]`, `suppressed`. */
  source?: string;
  /** Position of the error in its chain; 0 is the captured error. */
  exception_id?: number;
  parent_id?: number;
  is_exception_group?: boolean;
  data?: JsonRecord;
}

/** A frame of a stack trace. */
export interface StackFrame {
  filename: string;
  /** Set if the path of the file is absolute. */
  abs_path?: string;
  /** `?` if unknown. */
  function: string;
  module?: string;
  /** Counted from 1. */
  lineno?: number;
  /** Counted from 1. */
  colno?: number;
  in_app: boolean;
  pre_context?: string[];
  context_line?: string;
  post_context?: string[];
}

/** One error of a chain (protocol: exception interface). */
export interface ExceptionValue {
  type: string;
  value: string;
  mechanism: Mechanism;
  /** From the outermost caller to the line that threw. */
  stacktrace?: { frames: StackFrame[] };
}

/** A message: its template, its parameters, and the text with the parameters filled in. */
export interface LogEntry {
  message: string;
  formatted?: string;
  params?: JsonRecord | unknown[];
}

/** Contexts by name. `data` of the trace context contains the attributes of the root span. */
export type EventContexts = Record<string, JsonRecord> & {
  trace?: JsonRecord & { data?: JsonRecord };
};

/** An error or message event (protocol: event payload). */
export interface ErrorEvent {
  /** Always unset; a `TransactionEvent` has the type "transaction". */
  type?: undefined;
  /** 32 hexadecimal digits. */
  event_id: string;
  /** Seconds since 1970, with a fraction. */
  timestamp: number;
  platform: "node";
  level: SeverityLevel;
  /** The root cause first, the captured error last. */
  exception?: { values: ExceptionValue[] };
  logentry?: LogEntry;
  /** An older form of `logentry`, which the server still accepts. */
  message?: string;
  logger?: string;
  transaction?: string;
  release?: string;
  environment?: string;
  dist?: string;
  server_name?: string;
  tags?: Record<string, boolean | number | string>;
  extra?: JsonRecord;
  user?: JsonRecord;
  contexts?: EventContexts;
  breadcrumbs?: { values: JsonRecord[] };
  fingerprint?: string[];
  request?: JsonRecord;
  /** Debug ids, by which the server finds the source maps for the frames (protocol: debug meta). */
  debug_meta?: { images: JsonRecord[] };
  sdk?: JsonRecord;
}

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
  contexts: EventContexts;
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

/** The second argument of hooks and event processors. */
export interface EventHint {
  readonly event_id: string;
  /** The thrown value, if the event reports an error that was thrown in this process. */
  readonly originalException?: unknown;
}

/** An error event or a transaction, which has the `type` "transaction". */
export type SentryEvent = ErrorEvent | TransactionEvent;

/** Returns the event, possibly changed, or `null` to drop it. A promise is awaited for at most 30 seconds. */
export type EventProcessor = (
  event: SentryEvent,
  hint: EventHint,
) => PromiseLike<SentryEvent | null> | SentryEvent | null;

/** A file that is sent with an error event, at most 20 MiB. */
export interface Attachment {
  readonly filename: string;
  /** A string is sent as UTF-8. */
  readonly data: Uint8Array | string;
  /** Default `application/octet-stream`. */
  readonly contentType?: string;
  /** Default `event.attachment`. */
  readonly attachmentType?: string;
}
