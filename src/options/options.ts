import type {
  ErrorEvent,
  EventHint,
  TransactionEvent,
  TransactionSpan,
} from "../protocol/events.js";
import type { Log, Metric } from "../protocol/items.js";
import type { TracesSampler } from "../trace/sampling.js";
import type { Breadcrumb, ScopeChange } from "../scope/scope-data.js";
import type { Scope } from "../scope/scope.js";
import type { HttpOptions, SpoolOptions } from "./delivery-options.js";
import type { Transport } from "../delivery/transport.js";

/** A string that a text must contain, or a regular expression that must match it. */
export type TextPattern = RegExp | string;

/** Selects transactions to drop: by name, or by name and op together. */
export type TransactionPattern =
  | TextPattern
  | { readonly name?: TextPattern | undefined; readonly op?: TextPattern | undefined };

/** Selects spans to drop: by name, or by name, op and attributes together. */
export type SpanPattern =
  | TextPattern
  | {
      readonly name?: TextPattern;
      readonly op?: TextPattern;
      readonly attributes?: Readonly<Record<string, unknown>>;
    };

/** Selects the exceptions on spans that are reported as errors. */
export type SpanExceptions = "all" | "failed" | "none";

/**
 * Selects local traces that are sent although the sample rate would drop them. Their own rate is 1, so numbers that
 * Sentry extrapolates from rates are biased towards them. The headers to other services still say that the trace is
 * not sampled. Requires a `SentrySpanProcessor`. Costs as much as sampling all, but for the sending.
 */
export interface KeepUnsampled {
  /** Keeps traces whose root failed (span status ERROR). */
  readonly failed?: boolean;
  /** Keeps traces whose root took longer than this. */
  readonly slowerThanMillis?: number;
}

/**
 * Called with each error event before it is sent; returns the event, changed or not, or `null` to drop it, or a
 * promise of either.
 */
export type BeforeSend = (
  event: ErrorEvent,
  hint: EventHint,
) => ErrorEvent | PromiseLike<ErrorEvent | null> | null;

/**
 * Called with each transaction before it is sent; returns the event, changed or not, or `null` to drop it, or a
 * promise of either.
 */
export type BeforeSendTransaction = (
  event: TransactionEvent,
  hint: EventHint,
) => PromiseLike<TransactionEvent | null> | TransactionEvent | null;

/** The second argument of `addBreadcrumb`, or the span or span event from which `spanBreadcrumbs` made a breadcrumb. */
export interface BreadcrumbHint {
  /** The finished client span from which the breadcrumb was made. */
  readonly span?: SpanOfBreadcrumb;
  /** The span event from which the breadcrumb was made. */
  readonly spanEvent?: SpanOfBreadcrumb;
  readonly [key: string]: unknown;
}

/** A span or span event from which a breadcrumb was made. */
export interface SpanOfBreadcrumb {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Called with each breadcrumb; returns it, changed or not, or `null` to drop it. Must be synchronous. */
export type BeforeBreadcrumb = (
  breadcrumb: Breadcrumb,
  hint: BreadcrumbHint,
) => Synchronous<Breadcrumb>;

/** Result of a synchronous hook: the item, or `null` to drop it. Returning a promise is a type error. */
export type Synchronous<Item> = (Item & { readonly then?: never }) | null;

/** Scope data for all events of a client, or a function that sets it on a scope. */
export type InitialScope = ScopeChange | ((scope: Scope) => unknown);

/**
 * Options of a client. Options in code take precedence over environment variables, and those over the OTel resource.
 */
export interface ClientOptions {
  /**
   * Data source name: the project to which events are sent. Environment: `SENTRY_DSN`. Without a DSN everything works
   * but nothing is sent, which is reported as a set-up fault; `false` declares it intentional, and takes precedence
   * over the environment.
   */
  readonly dsn?: string | false | undefined;
  /**
   * Version of the application. Environment: `SENTRY_RELEASE`. Default: `service.version` of the resource or of
   * `OTEL_RESOURCE_ATTRIBUTES`.
   */
  readonly release?: string | undefined;
  /**
   * Name of the deployment environment. Environment: `SENTRY_ENVIRONMENT`. Default: `deployment.environment.name` of
   * the resource or of `OTEL_RESOURCE_ATTRIBUTES`, else `production`.
   */
  readonly environment?: string | undefined;
  /** Distribution of the release. */
  readonly dist?: string | undefined;
  /**
   * Name of the server or instance. Default: `service.instance.id` or `host.name` of the resource or of
   * `OTEL_RESOURCE_ATTRIBUTES`, else the host name.
   */
  readonly serverName?: string | undefined;
  /**
   * Share of local root spans that are sent, of those that OTel's sampler recorded: 0 to 1. Default 1. Environment:
   * `SENTRY_TRACES_SAMPLE_RATE`.
   */
  readonly tracesSampleRate?: number | undefined;
  /**
   * Decides for each local root; takes precedence over the parent's decision and `tracesSampleRate`. Must be
   * synchronous.
   */
  readonly tracesSampler?: TracesSampler | undefined;
  /** Also sends local traces that the rate would drop if they failed or were slow. Default: none. */
  readonly keepUnsampled?: KeepUnsampled | undefined;
  /**
   * Selects the exceptions recorded on spans that become error events: those whose failure may have reached the local
   * root (`failed`, the default), `all`, or `none`. Each error is reported once per trace.
   */
  readonly spanExceptions?: SpanExceptions | undefined;
  /**
   * Reports uncaught exceptions and unhandled rejections that end the process. The process still ends in the same way
   * as without this package. Default false.
   */
  readonly captureUncaught?: boolean | undefined;
  /** Source lines before and after the line of each stack frame. Default 5; 0 reads no source files. */
  readonly frameContextLines?: number | undefined;
  /** Share of error events that are sent: 0 to 1. Default 1. */
  readonly sampleRate?: number | undefined;
  /** Drops error events whose type or message matches. */
  readonly ignoreErrors?: readonly TextPattern[] | undefined;
  /** Drops transactions with a matching name. Both OpenTelemetry's name and the one that Sentry shows are compared. */
  readonly ignoreTransactions?: readonly TransactionPattern[] | undefined;
  /**
   * Drops spans that match when they start or end; their children are attached to their parent. A matching root drops
   * its whole segment. Both OpenTelemetry's name and the one that Sentry shows are compared.
   */
  readonly ignoreSpans?: readonly SpanPattern[] | undefined;
  /**
   * Data for all events, logs and metrics of this client, overridden by all scopes. An object, or a function that sets
   * it on a scope.
   */
  readonly initialScope?: InitialScope | undefined;
  /**
   * Sends the own properties of errors (`code`, `status`) and of their causes as a context named after the error:
   * `true`, or the number of levels to read (default 3). Default false.
   */
  readonly errorProperties?: boolean | number | undefined;
  /**
   * Called with each error event; may change it, or drop it with `null`. A promise is awaited for at most 30 seconds.
   */
  readonly beforeSend?: BeforeSend | undefined;
  /**
   * Called with each transaction; may change it, or drop it with `null`. A promise is awaited for at most 30 seconds.
   */
  readonly beforeSendTransaction?: BeforeSendTransaction | undefined;
  /**
   * Called with each child span of a transaction; may change it, or drop it with `null`, which attaches its children to
   * its parent. Must be synchronous.
   */
  readonly beforeSendSpan?: ((span: TransactionSpan) => Synchronous<TransactionSpan>) | undefined;
  /** Called with each breadcrumb; may change it, or drop it with `null`. Must be synchronous. */
  readonly beforeBreadcrumb?: BeforeBreadcrumb | undefined;
  /** Adds span events and finished client spans of the unit of work to error events, as breadcrumbs. Default true. */
  readonly spanBreadcrumbs?: boolean | undefined;
  /** Sends logs: those of `logger`, and those that `SentryLogRecordProcessor` receives. Default true. */
  readonly enableLogs?: boolean | undefined;
  /** Called with each log; may change it, or drop it with `null`. Must be synchronous. */
  readonly beforeSendLog?: ((log: Log) => Synchronous<Log>) | undefined;
  /** Sends the values recorded with `metrics`. Default true. */
  readonly enableMetrics?: boolean | undefined;
  /** Called with each value of a metric; may change it, or drop it with `null`. Must be synchronous. */
  readonly beforeSendMetric?: ((metric: Metric) => Synchronous<Metric>) | undefined;
  /**
   * Sends personal data that instrumentations record, such as addresses and identifying headers. Values under sensitive
   * keys are filtered nevertheless. Default false.
   */
  readonly sendDefaultPii?: boolean | undefined;
  /** Maximum number of breadcrumbs per scope. Default 100; 0 keeps none. */
  readonly maxBreadcrumbs?: number | undefined;
  /**
   * Bytes that the client may hold in memory: finished spans of open traces, logs, metrics, events that wait for hooks,
   * and envelopes until they are delivered. Over the limit, the lowest priority is dropped first: logs and metrics,
   * then spans and transactions, then feedback, errors and check-ins. Default 20 MiB.
   */
  readonly maxBufferedBytes?: number | undefined;
  /** URLs of outgoing requests that get trace headers. Default: all; `[]`: none. */
  readonly tracePropagationTargets?: readonly TextPattern[] | undefined;
  /**
   * Continues incoming traces only if they name the same organization as this client, or if neither side names one.
   * Default false: only traces that name a different organization are not continued.
   */
  readonly strictTraceContinuation?: boolean | undefined;
  /** Organization id for the dynamic sampling context. Default: the one in the DSN's host. */
  readonly orgId?: string | undefined;
  /** Posts envelopes to this URL instead of the DSN's host, with the DSN in their header. */
  readonly tunnel?: string | undefined;
  /**
   * Sends a copy of every envelope to a running Spotlight: `true` for the default URL. Environment:
   * `SENTRY_SPOTLIGHT`.
   */
  readonly spotlight?: boolean | string | undefined;
  /** Options of the HTTP transport, or a custom transport. */
  readonly transport?: HttpOptions | Transport | undefined;
  /** Keeps envelopes that cannot be sent now, or are queued when the process ends, in a directory. Default: none; they are kept in memory only. */
  readonly spool?: SpoolOptions | undefined;
  /** Maximum duration of `shutdown`, in milliseconds. Default 2000. */
  readonly shutdownTimeoutMillis?: number | undefined;
  /**
   * Flushes at SIGTERM and SIGINT. The signal then ends the process as it would without this package. Default false.
   */
  readonly flushOnSignals?: boolean | undefined;
  /** Reports to the server how many items were dropped, and why. Default true. */
  readonly sendClientReports?: boolean | undefined;
  /**
   * Halves the trace sample rate every 10 seconds while the queue overflows or a rate limit is active. Default true.
   */
  readonly enableBackpressureHandling?: boolean | undefined;
  /**
   * Writes all diagnostics of the client to standard error, each kind once. Takes precedence over `silent`.
   * Environment: `SENTRY_DEBUG`.
   */
  readonly debug?: boolean | undefined;
  /**
   * Keeps set-up faults (no DSN, no context manager, …) off standard error. By default each kind is written once, as
   * one line, if OTel's `diag` has no logger. Default false.
   */
  readonly silent?: boolean | undefined;
}

/** Options that may have no value after `resolveOptions`; all others have a default. */
export type OptionWithoutDefault =
  | `before${string}`
  | "dist"
  | "dsn"
  | "environment"
  | "initialScope"
  | "keepUnsampled"
  | "orgId"
  | "release"
  | "serverName"
  | "spool"
  | "spotlight"
  | "tracePropagationTargets"
  | "tracesSampler"
  | "tunnel";

type Defaulted = Exclude<keyof ClientOptions, OptionWithoutDefault>;
type Resolved = "dsn" | "spotlight";

/** The options after defaults and validation: complete and frozen. */
export type Settings = {
  readonly [Name in Defaulted]: Exclude<ClientOptions[Name], undefined>;
} & {
  readonly [Name in Exclude<keyof ClientOptions, Defaulted | Resolved>]: ClientOptions[Name];
} & {
  readonly [Name in Resolved]: string | undefined;
};
