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
import type { Transport } from "../delivery/transport.js";

/** A text that must be contained, or a pattern that must match. */
export type TextPattern = RegExp | string;

/** Which transactions to leave out: by name, or by name and op together. */
export type TransactionPattern =
  | TextPattern
  | { readonly name?: TextPattern | undefined; readonly op?: TextPattern | undefined };

/** Which spans to leave out: by name, or by name, op and attributes together. */
export type SpanPattern =
  | TextPattern
  | {
      readonly name?: TextPattern;
      readonly op?: TextPattern;
      readonly attributes?: Readonly<Record<string, unknown>>;
    };

/** Which exceptions of spans are reported. */
export type SpanExceptions = "all" | "failed" | "none";

/** Settings of the HTTP transport. Times are in milliseconds. */
export interface HttpOptions {
  /** Connections to the server at most; they are opened as the backlog asks for them. Default 96, of which a third is for when others stall. */
  readonly maxConnections?: number;
  /** Bytes above which a body is compressed. Default 32768. */
  readonly gzipThresholdBytes?: number;
  /** How long an idle connection is kept. Default 4000: Relay closes it after 5 s. */
  readonly idleTimeoutMillis?: number;
  /** Age after which a connection is replaced, so that a change of address is noticed. Default 300,000. */
  readonly maxConnectionAgeMillis?: number;
  /** Deadline for a connection, TLS and proxy included. Default 5000. */
  readonly connectTimeoutMillis?: number;
  /** Deadline from the request to the response's headers. Default 15,000. */
  readonly headersTimeoutMillis?: number;
  /** Deadline for the response's body, which decides nothing. Default 5000. */
  readonly bodyTimeoutMillis?: number;
  /** Deadline for one attempt in all. Default 30,000. */
  readonly totalTimeoutMillis?: number;
  /** TCP keep-alive probes; `false` for none. */
  readonly tcpKeepAlive?: TcpKeepAlive | false;
  /** URL of a proxy, with credentials where it asks for them; `false` for none. Environment: `HTTPS_PROXY`, `HTTP_PROXY`. */
  readonly proxy?: string | false;
  /** Hosts that are reached without the proxy: names, `.suffix`, `host:port`, `*`. Environment: `NO_PROXY`. */
  readonly noProxy?: readonly string[];
  /** Certificates (PEM) that are trusted beside those that Node trusts. */
  readonly caCerts?: PemText | readonly PemText[];
  /** Certificate of this client (PEM), with `clientKey`. */
  readonly clientCert?: PemText;
  /** Private key of `clientCert` (PEM). */
  readonly clientKey?: PemText;
  /** Offers HTTP/2 to an https server. Default false. */
  readonly http2?: boolean;
  /** Sends again after 502, 503 and 504, which the protocol has dropped: for servers behind a proxy of their own. Default false. */
  readonly retryOn5xx?: boolean;
  /** Directory for what cannot be sent now; it survives the process. One for each DSN: what is in it goes to whichever finds it. Default: none, and it is kept in memory only. */
  readonly spoolDirectory?: string;
  /** Bytes of the spool's files at most, over all processes. Default 50 MiB. */
  readonly spoolMaxBytes?: number;
  /** Files in the spool at most. Default 10,000. */
  readonly spoolMaxFiles?: number;
  /** Age after which a spooled envelope is given up. Default 24 hours; at most 4 days: Sentry drops what started five days ago. */
  readonly spoolMaxAgeMillis?: number;
}

/** When the kernel probes a quiet connection. What this Node or this platform cannot set is left out. */
export interface TcpKeepAlive {
  /** Quiet time before the first probe, in milliseconds. Default 45,000. */
  readonly idleMillis?: number;
  /** Time between probes, in milliseconds. Default 10,000. */
  readonly intervalMillis?: number;
  /** Probes without an answer until the connection is given up. Default 6. */
  readonly count?: number;
}

/** A certificate or key in PEM form. */
export type PemText = string | Uint8Array;

/**
 * Which local traces are sent although the rate would drop them. They are told apart from the others
 * only by their own rate of 1: numbers that the server extrapolates from rates (throughput, failure
 * rate, percentiles) lean towards what is kept. Other services have been told that the trace is not
 * sampled. It needs a `SentrySpanProcessor`, and costs as much as if everything were sampled, but for the sending.
 */
export interface KeepUnsampled {
  /** Those whose root failed (span status ERROR). */
  readonly failed?: boolean;
  /** Those whose root took more than this. */
  readonly slowerThanMillis?: number;
}

/** Sees an error event before it is sent: returns it, changed or not, or `null` to drop it; or a promise of that. */
export type BeforeSend = (
  event: ErrorEvent,
  hint: EventHint,
) => ErrorEvent | PromiseLike<ErrorEvent | null> | null;

/** Sees a transaction before it is sent: returns it, changed or not, or `null` to drop it; or a promise of that. */
export type BeforeSendTransaction = (
  event: TransactionEvent,
  hint: EventHint,
) => PromiseLike<TransactionEvent | null> | TransactionEvent | null;

/** Second argument of `addBreadcrumb`, or the span or span event that a breadcrumb of `spanBreadcrumbs` was made of. */
export interface BreadcrumbHint {
  /** The finished client span. */
  readonly span?: SpanOfBreadcrumb;
  /** The span event. */
  readonly spanEvent?: SpanOfBreadcrumb;
  readonly [key: string]: unknown;
}

/** A span or span event that a breadcrumb was made of. */
export interface SpanOfBreadcrumb {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Sees a breadcrumb: returns it, changed or not, or `null` to drop it. Must be synchronous. */
export type BeforeBreadcrumb = (
  breadcrumb: Breadcrumb,
  hint: BreadcrumbHint,
) => Synchronous<Breadcrumb>;

/** Result of a hook that must be synchronous: the item, or `null` to drop it. A promise is a type error. */
export type Synchronous<Item> = (Item & { readonly then?: never }) | null;

/** Data of the events of a client, or a function that writes to their scope. */
export type InitialScope = ScopeChange | ((scope: Scope) => unknown);

/** Options of a client. Code wins over environment, environment over the OTel resource. */
export interface ClientOptions {
  /**
   * Where events go. Environment: `SENTRY_DSN`. Without it everything works and nothing is sent, which is reported as a
   * fault in the set-up; `false` says that it is on purpose, and wins over the environment.
   */
  readonly dsn?: string | false | undefined;
  /** Version of the application. Environment: `SENTRY_RELEASE`; else `service.version` of the resource, else of `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly release?: string | undefined;
  /** Environment: `SENTRY_ENVIRONMENT`; else `deployment.environment.name` of the resource, else of `OTEL_RESOURCE_ATTRIBUTES`; else `production`. */
  readonly environment?: string | undefined;
  /** Distribution of a release. */
  readonly dist?: string | undefined;
  /** Default: `service.instance.id` or `host.name` of the resource or of `OTEL_RESOURCE_ATTRIBUTES`; else the host's name. */
  readonly serverName?: string | undefined;
  /** Share of the local roots that are sent, of those that OTel's sampler kept: 0 to 1, default 1. Environment: `SENTRY_TRACES_SAMPLE_RATE`. */
  readonly tracesSampleRate?: number | undefined;
  /** Decides per local root; wins over the parent's decision and over `tracesSampleRate`. Must be synchronous. */
  readonly tracesSampler?: TracesSampler | undefined;
  /** Sends local traces that the rate would drop when they turn out to have failed, or to be slow. Default: none. */
  readonly keepUnsampled?: KeepUnsampled | undefined;
  /**
   * Which exceptions that are recorded on spans become error events: those whose failure can have reached the
   * local root (`failed`, the default; the rule is in `docs/errors.md`), `all`, or `none`. Each error once per trace.
   */
  readonly spanExceptions?: SpanExceptions | undefined;
  /** Reports what ends the process, uncaught exceptions and unhandled rejections, before it ends as it would have. Default false. */
  readonly captureUncaught?: boolean | undefined;
  /** Source lines before and after that of each stack frame. Default 5; 0 reads no source file. */
  readonly frameContextLines?: number | undefined;
  /** Share of the error events that are sent: 0 to 1, default 1. */
  readonly sampleRate?: number | undefined;
  /** Error events whose type or message matches are not sent. */
  readonly ignoreErrors?: readonly TextPattern[] | undefined;
  /** Transactions whose name, as Sentry shows it or as OpenTelemetry has it, matches are not sent. */
  readonly ignoreTransactions?: readonly TransactionPattern[] | undefined;
  /**
   * Spans that match when they start or when they end are left out; their children become their parent's. A root takes
   * its whole segment with it. Names are matched as Sentry shows them, and as OpenTelemetry has them.
   */
  readonly ignoreSpans?: readonly SpanPattern[] | undefined;
  /** Data that every event, log and metric of this client carries: less specific than all scopes. An object, or a function that writes to the scope. */
  readonly initialScope?: InitialScope | undefined;
  /** Sends the own properties of errors (`code`, `status`) and of their causes as a context that is named after the error: `true`, or how many levels deep (default 3). Default false. */
  readonly errorProperties?: boolean | number | undefined;
  /** Sees each error event; may change it, or drop it with `null`. A promise is awaited for at most 30 seconds. */
  readonly beforeSend?: BeforeSend | undefined;
  /** Sees each transaction; may change it, or drop it with `null`. A promise is awaited for at most 30 seconds. */
  readonly beforeSendTransaction?: BeforeSendTransaction | undefined;
  /** Sees each child span of a transaction; may change it, or drop it with `null`: its children become its parent's. Must be synchronous. */
  readonly beforeSendSpan?: ((span: TransactionSpan) => Synchronous<TransactionSpan>) | undefined;
  /** Sees each breadcrumb; may change it, or drop it with `null`. Must be synchronous. */
  readonly beforeBreadcrumb?: BeforeBreadcrumb | undefined;
  /** Error events show the span events and finished client spans of their unit of work as breadcrumbs. Default true. */
  readonly spanBreadcrumbs?: boolean | undefined;
  /** Sends logs: those of `logger`, and those that `SentryLogRecordProcessor` gets. Default true. */
  readonly enableLogs?: boolean | undefined;
  /** Sees each log; may change it, or drop it with `null`. Must be synchronous. */
  readonly beforeSendLog?: ((log: Log) => Synchronous<Log>) | undefined;
  /** Sends the values that `metrics` is given. Default true. */
  readonly enableMetrics?: boolean | undefined;
  /** Sees each value of a metric; may change it, or drop it with `null`. Must be synchronous. */
  readonly beforeSendMetric?: ((metric: Metric) => Synchronous<Metric>) | undefined;
  /** Sends what instrumentations record of persons: addresses and identifying headers. Values under sensitive keys are withheld all the same. Default false. */
  readonly sendDefaultPii?: boolean | undefined;
  /** Breadcrumbs per scope. Default 100; 0 keeps none. */
  readonly maxBreadcrumbs?: number | undefined;
  /** Bytes that may wait to be sent, and as many characters that may wait for their roots. Default 20 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Outgoing requests whose URL matches get trace headers. Default: all; `[]`: none. */
  readonly tracePropagationTargets?: readonly TextPattern[] | undefined;
  /** Continues only traces that name the same organization, or none where this one is not known either. Default false: traces that name another one are not continued. */
  readonly strictTraceContinuation?: boolean | undefined;
  /** Organization id for the trace's sampling context. Default: that of the DSN's host. */
  readonly orgId?: string | undefined;
  /** Envelopes are posted to this URL instead, with the DSN in their header. */
  readonly tunnel?: string | undefined;
  /** A copy of every envelope goes to a running Spotlight: `true` for the default URL. Environment: `SENTRY_SPOTLIGHT`. */
  readonly spotlight?: boolean | string | undefined;
  /** Settings of the HTTP transport, or a transport of your own. */
  readonly transport?: HttpOptions | Transport | undefined;
  /** Milliseconds that `shutdown` may take. Default 2000. */
  readonly shutdownTimeoutMillis?: number | undefined;
  /** Flushes at SIGTERM and SIGINT, then lets the signal end the process as it would have. Default false. */
  readonly flushOnSignals?: boolean | undefined;
  /** Tells the server what was dropped here, and why. Default true. */
  readonly sendClientReports?: boolean | undefined;
  /** Halves the trace sample rate, again every 10 seconds, while the queue overflows or the server limits. Default true. */
  readonly enableBackpressureHandling?: boolean | undefined;
  /** Writes all diagnostics of the client on standard error, each kind once. Wins over `silent`. Environment: `SENTRY_DEBUG`. */
  readonly debug?: boolean | undefined;
  /**
   * Keeps faults in the set-up (no DSN, no context manager, …) off standard error. They are written there, one line for
   * each kind, where OTel's `diag` has no logger. Default false.
   */
  readonly silent?: boolean | undefined;
}

/** The options after defaults and validation: complete and frozen. */
export interface Settings {
  readonly dsn: string | undefined;
  readonly release: string | undefined;
  readonly environment: string | undefined;
  readonly dist: string | undefined;
  readonly serverName: string | undefined;
  readonly tracesSampleRate: number;
  readonly tracesSampler: ClientOptions["tracesSampler"];
  readonly keepUnsampled: KeepUnsampled | undefined;
  readonly spanExceptions: SpanExceptions;
  readonly captureUncaught: boolean;
  readonly frameContextLines: number;
  readonly sampleRate: number;
  readonly ignoreErrors: readonly TextPattern[];
  readonly ignoreTransactions: readonly TransactionPattern[];
  readonly ignoreSpans: readonly SpanPattern[];
  readonly initialScope: ClientOptions["initialScope"];
  readonly errorProperties: boolean | number;
  readonly beforeSend: ClientOptions["beforeSend"];
  readonly beforeSendTransaction: ClientOptions["beforeSendTransaction"];
  readonly beforeSendSpan: ClientOptions["beforeSendSpan"];
  readonly beforeBreadcrumb: ClientOptions["beforeBreadcrumb"];
  readonly spanBreadcrumbs: boolean;
  readonly enableLogs: boolean;
  readonly beforeSendLog: ClientOptions["beforeSendLog"];
  readonly enableMetrics: boolean;
  readonly beforeSendMetric: ClientOptions["beforeSendMetric"];
  readonly sendDefaultPii: boolean;
  readonly maxBreadcrumbs: number;
  readonly maxBufferedBytes: number;
  readonly tracePropagationTargets: readonly TextPattern[] | undefined;
  readonly strictTraceContinuation: boolean;
  readonly orgId: string | undefined;
  readonly tunnel: string | undefined;
  readonly spotlight: string | undefined;
  readonly transport: HttpOptions | Transport;
  readonly shutdownTimeoutMillis: number;
  readonly flushOnSignals: boolean;
  readonly sendClientReports: boolean;
  readonly enableBackpressureHandling: boolean;
  readonly debug: boolean;
  readonly silent: boolean;
}
