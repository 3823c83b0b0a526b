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

/** A JSON object whose members are nobody's business here. */
export type JsonRecord = Record<string, unknown>;

/** How an exception reached Sentry, and where it hangs in its chain. */
export interface Mechanism {
  /** `generic` for an explicit capture, an origin for others, `chained` for a linked error. */
  type: string;
  /** False only when the error escaped the application. */
  handled: boolean;
  /** True when the SDK made up the type or the stack. */
  synthetic?: boolean;
  /** The parent's property that holds this error: `cause`, `errors[0]`, `suppressed`. */
  source?: string;
  /** 0 is the captured error. */
  exception_id?: number;
  parent_id?: number;
  is_exception_group?: boolean;
  data?: JsonRecord;
}

/** One line of a stack. */
export interface StackFrame {
  filename: string;
  /** Present when the file has an absolute path. */
  abs_path?: string;
  /** `?` when unknown. */
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

/** One error of a chain. */
export interface ExceptionValue {
  type: string;
  value: string;
  mechanism: Mechanism;
  /** Frames run from the outermost caller to the throwing line. */
  stacktrace?: { frames: StackFrame[] };
}

/** A message: the template as written, and the text after its parameters were filled in. */
export interface LogEntry {
  message: string;
  formatted?: string;
  params?: JsonRecord | unknown[];
}

/** An error or message event as it goes over the wire. */
export interface ErrorEvent {
  /** Never set: what tells a `TransactionEvent` from it. */
  type?: undefined;
  /** 32 hexadecimal digits. */
  event_id: string;
  /** Seconds since 1970, with a fraction. */
  timestamp: number;
  platform: "node";
  level: SeverityLevel;
  /** Root cause first, captured error last. */
  exception?: { values: ExceptionValue[] };
  logentry?: LogEntry;
  /** Older form of `logentry`, which the server still accepts. */
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
  contexts?: Record<string, JsonRecord>;
  breadcrumbs?: { values: JsonRecord[] };
  fingerprint?: string[];
  request?: JsonRecord;
  /** What finds the source maps of the frames (protocol: debug meta). */
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

/** Second argument of hooks and event processors. */
export interface EventHint {
  readonly event_id: string;
  /** The thrown value, for an event about something thrown in this process. */
  readonly originalException?: unknown;
}

/** An event of either kind: a transaction has the `type` "transaction", an error event has none. */
export type SentryEvent = ErrorEvent | TransactionEvent;

/** Sees each event; may change it, or drop it with `null`. A promise is awaited for at most 30 seconds. */
export type EventProcessor = (
  event: SentryEvent,
  hint: EventHint,
) => PromiseLike<SentryEvent | null> | SentryEvent | null;

/** A file that goes with an error event. */
export interface Attachment {
  readonly filename: string;
  /** Text is sent as UTF-8. */
  readonly data: Uint8Array | string;
  /** Default `application/octet-stream`. */
  readonly contentType?: string;
  /** Default `event.attachment`. */
  readonly attachmentType?: string;
}
