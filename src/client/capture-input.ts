import type { ResourceView } from "../trace/span-view.js";
import type { DscSlot } from "../trace/dsc.js";
import type { IncomingTrace } from "../trace/incoming-trace.js";
import type { ErrorEvent, JsonRecord } from "../protocol/error-event.js";
import type { TransactionSpan } from "../protocol/transaction-event.js";
import type { Breadcrumb, ScopeData } from "../scope/scope-data.js";
import type { Unit } from "../scope/unit.js";

/** What the trace's sampling context is made of. */
export interface TraceInput {
  readonly traceId: string;
  readonly incoming: IncomingTrace | undefined;
  /** Name of the local root, where its source is not `url`. */
  readonly transaction: string | undefined;
  readonly sampled: boolean;
  /** The rate that this process applied, if it did. */
  readonly sampleRate: number | undefined;
  readonly sampleRand: number;
  readonly slot: DscSlot;
  /** Resource of the local root. */
  readonly resource?: ResourceView | undefined;
  /**
   * Name of the transaction for an event that arises now, where its source is not `url`: as final as the spans
   * that are open, those that have ended and `route` make it.
   */
  readonly nameNow?: (route: string | undefined) => string | undefined;
  /** Client spans of the unit that have finished and wait for the segment, as far as they led to it. */
  readonly waitingCalls?: (unit: Unit) => readonly TransactionSpan[];
}

/** A transaction whose spans are encoded; the client adds what it and the scopes know. */
export interface TransactionInput {
  readonly name: string;
  /** Name of the root span; undefined where it is that of the transaction, or the root is not in it. */
  readonly spanName?: string | undefined;
  readonly op?: string | undefined;
  /** The event's JSON up to where the client goes on: no closing brace, no `contexts`. */
  readonly openJson: (eventId: string) => string;
  /** When its head started, in seconds since 1970. */
  readonly start: number;
  /** Members of `contexts.trace`. */
  readonly traceContext: string;
  readonly responseStatusCode: number | undefined;
  /** All spans, the root among them. */
  readonly spanCount: number;
  /** Characters of the encoded spans: what the transaction counts for while it waits for a hook. */
  readonly length: number;
  readonly trace: TraceInput;
  readonly resource: ResourceView | undefined;
  /** Global scope, isolation scope, then the current overlay if there was one. */
  readonly scopes: readonly ScopeData[];
}

/** What an error event is captured with. */
export interface ErrorCapture {
  readonly event: ErrorEvent;
  /** Adds to the event what is not worth the time where it is ignored or refused. */
  readonly enrich?: ((event: ErrorEvent) => ErrorEvent) | undefined;
  /** Feedback is no error: no error filter, rate or hook applies to it. Default `error`. */
  readonly category?: "error" | "feedback";
  /** Least specific first. */
  readonly scopes: readonly ScopeData[];
  /** Makes those of spans, beside those of the scopes. */
  readonly breadcrumbs?: (() => readonly Breadcrumb[]) | undefined;
  readonly trace: ErrorTrace | undefined;
  readonly request?: JsonRecord | undefined;
  /** What was thrown; absent where nothing was. */
  readonly originalException?: unknown;
}

/** Where an error arose. */
export interface ErrorTrace {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** The span itself: a processor may know its segment. */
  readonly span?: object | undefined;
  /** What the sender of the trace said. */
  readonly incoming?: IncomingTrace | undefined;
  /** Route of the request, as far as its context knows. */
  readonly route?: string | undefined;
}
