import type { Client } from "./client/public-client.js";
import type { ClientOptions } from "./options/options.js";
import { publicFunctions } from "./setup/public-functions.js";

export type { Feedback, OwnEvent } from "./errors/own-events.js";
export type { Client as SentryClient } from "./client/public-client.js";
export type { CaptureMechanism } from "./errors/exception-values.js";
export type { ReportCounts } from "./client-reports/client-reports.js";
export type { PendingCounts } from "./client-reports/ledger.js";
export type { DeliveryStats, CategoryStats, ClientStats, SpanCounts } from "./client/stats.js";
export type { Environment } from "./options/env.js";
export type {
  HttpOptions,
  PemText,
  SpoolOptions,
  TcpKeepAlive,
} from "./options/delivery-options.js";
export type {
  BeforeBreadcrumb,
  BeforeSend,
  BeforeSendTransaction,
  BreadcrumbHint,
  ClientOptions,
  InitialScope,
  KeepUnsampled,
  SpanExceptions,
  SpanOfBreadcrumb,
  SpanPattern,
  Synchronous,
  TextPattern,
  TransactionPattern,
} from "./options/options.js";
export { OptionsError } from "./protocol/errors.js";
export type { OptionProblem } from "./protocol/errors.js";
export type {
  CheckIn,
  CheckInStatus,
  MonitorConfig,
  MonitorRunConfig,
  MonitorSchedule,
  Log,
  LogLevel,
  Metric,
  MetricType,
} from "./protocol/items.js";
export type {
  Attachment,
  ErrorEvent,
  EventContexts,
  ExceptionValue,
  JsonRecord,
  LogEntry,
  Mechanism,
  SeverityLevel,
  StackFrame,
  EventHint,
  EventProcessor,
  SentryEvent,
  TransactionEvent,
  TransactionSpan,
} from "./protocol/events.js";
export type {
  DataCategory,
  DiscardReason,
  ItemCount,
  LocalReason,
  ReportedReason,
} from "./protocol/data-category.js";
export type { CheckInState, EncodedEnvelope } from "./protocol/envelope.js";
export type { SamplerContext, TracesSampler } from "./trace/sampling.js";
export type { SpanDescription } from "./trace/span.js";
export type {
  Breadcrumb,
  BreadcrumbInput,
  ScopeChange,
  TagValue,
  User,
  UserInput,
} from "./scope/scope-data.js";
export type { Scope } from "./scope/scope.js";
export type { AttachableProcessor } from "./setup/attach.js";
export type { CronJobClass } from "./crons/instrument-cron.js";
export type { NodeScheduleLibrary } from "./crons/instrument-node-schedule.js";
export type { NodeCronLibrary } from "./crons/instrument-node-cron.js";
export type { CronMonitorOptions } from "./crons/monitored-task.js";
export type { CaptureContext, CaptureHint } from "./errors/capture.js";
export type { LogFunction, Logger } from "./logs/logger.js";
export type { MetricOptions, Metrics } from "./logs/metrics.js";
export {
  SentryLogRecordProcessor,
  SentryPropagator,
  SentrySampler,
  SentrySpanExporter,
  SentrySpanProcessor,
} from "./setup/otel-classes.js";
export type { IncomingTraceHeaders, TraceHeaderName, TraceHeaders } from "./trace/headers.js";
export type {
  FailurePhase,
  LimitHeaders,
  SendOptions,
  SendResult,
  Transport,
} from "./delivery/transport.js";
export type { ParameterizedLog } from "./logs/log-message.js";

// All functions of the package, each behind a guard: see `setup/public-functions.ts`.
export const addBreadcrumb: typeof publicFunctions.addBreadcrumb = publicFunctions.addBreadcrumb;
export const addEventProcessor: typeof publicFunctions.addEventProcessor =
  publicFunctions.addEventProcessor;
export const attachToGlobalProvider: typeof publicFunctions.attachToGlobalProvider =
  publicFunctions.attachToGlobalProvider;
export const bindContext: typeof publicFunctions.bindContext = publicFunctions.bindContext;
export const captureCheckIn: typeof publicFunctions.captureCheckIn = publicFunctions.captureCheckIn;
export const captureEvent: typeof publicFunctions.captureEvent = publicFunctions.captureEvent;
export const captureException: typeof publicFunctions.captureException =
  publicFunctions.captureException;
export const captureFeedback: typeof publicFunctions.captureFeedback =
  publicFunctions.captureFeedback;
export const captureHandlerError: typeof publicFunctions.captureHandlerError =
  publicFunctions.captureHandlerError;
export const captureMessage: typeof publicFunctions.captureMessage = publicFunctions.captureMessage;
export const close: typeof publicFunctions.close = publicFunctions.close;
export const continueTrace: typeof publicFunctions.continueTrace = publicFunctions.continueTrace;
export const continueTraceFromEnvironment: typeof publicFunctions.continueTraceFromEnvironment =
  publicFunctions.continueTraceFromEnvironment;
/**
 * Creates a client. The first client becomes the process-wide client until it is closed. Throws an `OptionsError` that
 * names the option if one is invalid.
 */
export const createClient: (options?: ClientOptions) => Client = publicFunctions.createClient;
export const flush: typeof publicFunctions.flush = publicFunctions.flush;
export const forkIsolation: typeof publicFunctions.forkIsolation = publicFunctions.forkIsolation;
export const forkScope: typeof publicFunctions.forkScope = publicFunctions.forkScope;
/** Returns the process-wide client: the first one that was created, or the one passed to `setClient`. */
export const getClient: () => Client | undefined = publicFunctions.getClient;
export const getCurrentScope: typeof publicFunctions.getCurrentScope =
  publicFunctions.getCurrentScope;
export const getGlobalScope: typeof publicFunctions.getGlobalScope = publicFunctions.getGlobalScope;
export const getIsolationScope: typeof publicFunctions.getIsolationScope =
  publicFunctions.getIsolationScope;
export const getTraceHeaders: typeof publicFunctions.getTraceHeaders =
  publicFunctions.getTraceHeaders;
export const getTraceMetaTags: typeof publicFunctions.getTraceMetaTags =
  publicFunctions.getTraceMetaTags;
export const instrumentCron: typeof publicFunctions.instrumentCron = publicFunctions.instrumentCron;
export const instrumentNodeCron: typeof publicFunctions.instrumentNodeCron =
  publicFunctions.instrumentNodeCron;
export const instrumentNodeSchedule: typeof publicFunctions.instrumentNodeSchedule =
  publicFunctions.instrumentNodeSchedule;
export const isInitialized: typeof publicFunctions.isInitialized = publicFunctions.isInitialized;
export const isOptionsError: typeof publicFunctions.isOptionsError = publicFunctions.isOptionsError;
export const lastEventId: typeof publicFunctions.lastEventId = publicFunctions.lastEventId;
/** Sends logs through the process-wide client, with the trace and the scopes of the caller. Requires `enableLogs`. */
export const logger: typeof publicFunctions.logger = publicFunctions.logger;
export const metrics: typeof publicFunctions.metrics = publicFunctions.metrics;
export const monitor: typeof publicFunctions.monitor = publicFunctions.monitor;
export const setAttribute: typeof publicFunctions.setAttribute = publicFunctions.setAttribute;
export const setAttributes: typeof publicFunctions.setAttributes = publicFunctions.setAttributes;
export const setClient: typeof publicFunctions.setClient = publicFunctions.setClient;
export const setContext: typeof publicFunctions.setContext = publicFunctions.setContext;
export const setExtra: typeof publicFunctions.setExtra = publicFunctions.setExtra;
export const setExtras: typeof publicFunctions.setExtras = publicFunctions.setExtras;
export const setTag: typeof publicFunctions.setTag = publicFunctions.setTag;
export const setTags: typeof publicFunctions.setTags = publicFunctions.setTags;
export const setUser: typeof publicFunctions.setUser = publicFunctions.setUser;
export const startNewTrace: typeof publicFunctions.startNewTrace = publicFunctions.startNewTrace;
export const stats: typeof publicFunctions.stats = publicFunctions.stats;
export const suppressTracing: typeof publicFunctions.suppressTracing =
  publicFunctions.suppressTracing;
export const traceEnvironment: typeof publicFunctions.traceEnvironment =
  publicFunctions.traceEnvironment;
export const withIsolationScope: typeof publicFunctions.withIsolationScope =
  publicFunctions.withIsolationScope;
export const withMonitor: typeof publicFunctions.withMonitor = publicFunctions.withMonitor;
export const withScope: typeof publicFunctions.withScope = publicFunctions.withScope;
export const getTraceData: typeof publicFunctions.getTraceHeaders = publicFunctions.getTraceHeaders;
