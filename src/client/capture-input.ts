import type { ResourceView } from "../trace/span.js";
import type { DscSlot } from "../trace/dsc.js";
import type { IncomingTrace } from "../trace/headers.js";
import type { SamplingDecision } from "../trace/sampling.js";
import type { ItemCount } from "../protocol/data-category.js";
import type { ErrorEvent, JsonRecord, TransactionSpan } from "../protocol/events.js";
import type { Breadcrumb, ScopeData } from "../scope/scope-data.js";
import type { Unit } from "../scope/unit.js";

/**
 * The data of a segment that its dynamic sampling context and its errors are built from. `sampleRate` and `sampleRand`
 * are those of this process.
 */
export interface SegmentView extends SamplingDecision {
  readonly traceId: string;
  readonly incoming: IncomingTrace | undefined;
  /** Name of the local root; undefined if its source is `url`. */
  readonly transaction: string | undefined;
  readonly slot: DscSlot;
  /** Resource of the local root. */
  readonly resource?: ResourceView | undefined;
  /**
   * Returns the transaction's name for an event that is captured now; undefined if its source is `url`. The root's
   * final name is not known yet, so it is derived from the spans that are open, those that have ended, and `route`.
   */
  readonly nameNow?: (route: string | undefined) => string | undefined;
  /** Returns the newest finished client spans that are buffered in the segment, oldest first. */
  readonly waitingCalls?: (search: CallSearch) => readonly TransactionSpan[];
}

/** Describes the finished client spans that become breadcrumbs of an error. */
export interface CallSearch {
  /** The unit of work of the error. Spans of the units that it was forked from count until the fork. */
  readonly unit: Unit;
  /** The most spans to return. */
  readonly limit: number;
  /** Latest end, in seconds since 1970. */
  readonly untilSeconds: number;
}

/** JSON fields of a transaction event, without braces, in three parts: the spans are usually by far the longest. */
export interface TransactionFields {
  readonly beforeSpans: string;
  /** The entries of `spans`, joined by commas. */
  readonly spans: string;
  /** Size of `spans` in UTF-8. */
  readonly spansBytes: number;
  readonly afterSpans: string;
}

/** A transaction with encoded spans, to which the client adds process data and scopes. */
export interface TransactionInput {
  readonly name: string;
  /** Name of the root span, if it differs from the transaction's and the root is part of the transaction. */
  readonly spanName?: string | undefined;
  readonly op?: string | undefined;
  /** The client adds the event's id, the process data, the scopes and `contexts`. */
  readonly fields: TransactionFields;
  /** Start of the transaction, in seconds since 1970. */
  readonly start: number;
  /** Properties of `contexts.trace`, as JSON. */
  readonly traceContext: string;
  readonly responseStatusCode: number | undefined;
  /** Number of spans, including the root. */
  readonly spanCount: number;
  /** Characters of the encoded spans; they count towards the limit for transactions that wait for a hook. */
  readonly length: number;
  readonly trace: SegmentView;
  readonly resource: ResourceView | undefined;
  /** Global scope, isolation scope, then the current scope if there is one. */
  readonly scopes: readonly ScopeData[];
}

/** An error event or user feedback, with the scopes and the trace that it belongs to. */
export interface ErrorCapture {
  readonly event: ErrorEvent;
  /** Adds expensive parts, such as source lines. Not called for an event that is ignored or refused. */
  readonly enrich?: ((event: ErrorEvent) => ErrorEvent) | undefined;
  /** Error filters, `sampleRate` and `beforeSend` do not apply to feedback. Default `error`. */
  readonly category?: "error" | "feedback";
  /** Least specific scope first. */
  readonly scopes: readonly ScopeData[];
  /** Returns breadcrumbs made of spans, in addition to those of the scopes. */
  readonly breadcrumbs?: (() => readonly Breadcrumb[]) | undefined;
  readonly trace: TraceContext | undefined;
  readonly request?: JsonRecord | undefined;
  /** The thrown value; absent for messages. */
  readonly originalException?: unknown;
}

/** The trace and span that an error, message or check-in belongs to, for `contexts.trace` and the sampling context. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** The span object, with which a processor finds its segment. */
  readonly span?: object | undefined;
  /** Trace headers of the request. */
  readonly incoming?: IncomingTrace | undefined;
  /** Route of the request, if an instrumentation has stored it in the context. */
  readonly route?: string | undefined;
}

/** A check-in of a monitored job. */
export interface CheckInCapture {
  readonly checkInId: string;
  /** Fields of the check-in item, named as in the protocol. */
  readonly fields: JsonRecord;
  readonly trace: TraceContext | undefined;
}

/** Logs or metric values that share an envelope item. */
export interface ItemBatch {
  readonly category: "log_item" | "trace_metric";
  readonly itemType: string;
  /** Fields of the item's header, as JSON with a leading comma. */
  readonly itemHeaderJson: string;
  /** JSON without lone surrogates. */
  readonly payload: string;
  /** Items to count as discarded if the batch is lost. */
  readonly contents: readonly ItemCount[];
}
