import { doors } from "./setup/doors.js";

export type { Feedback, OwnEvent } from "./errors/own-events.js";
export type { SentryClient } from "./client/client.js";
export type { CaptureMechanism } from "./errors/exception-values.js";
export type { ReportCounts } from "./client-reports/client-reports.js";
export type { UntoldCounts } from "./client-reports/ledger.js";
export type { DeliveryStats, CategoryStats, ClientStats, SpanCounts } from "./client/stats.js";
export type { Environment } from "./options/env.js";
export type {
  BeforeBreadcrumb,
  BeforeSend,
  BeforeSendTransaction,
  BreadcrumbHint,
  ClientOptions,
  HttpOptions,
  InitialScope,
  KeepUnsampled,
  PemText,
  SpanExceptions,
  SpanOfBreadcrumb,
  SpanPattern,
  Synchronous,
  TcpKeepAlive,
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
export type { RootDescription, SamplerContext, TracesSampler } from "./trace/sampling.js";
export type { Breadcrumb, ScopeChange, TagValue, User } from "./scope/scope-data.js";
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
} from "./setup/otel-parts.js";
export type { IncomingTraceHeaders, TraceHeaderName, TraceHeaders } from "./setup/trace.js";
export type {
  FailurePhase,
  LimitHeaders,
  SendOptions,
  SendResult,
  Transport,
} from "./delivery/transport.js";
export type { ParameterizedLog } from "./logs/log-message.js";

// Every function of the package, behind its guard.
export const addBreadcrumb: typeof doors.addBreadcrumb = doors.addBreadcrumb;
export const addEventProcessor: typeof doors.addEventProcessor = doors.addEventProcessor;
export const attachToGlobalProvider: typeof doors.attachToGlobalProvider =
  doors.attachToGlobalProvider;
export const bindContext: typeof doors.bindContext = doors.bindContext;
export const captureCheckIn: typeof doors.captureCheckIn = doors.captureCheckIn;
export const captureEvent: typeof doors.captureEvent = doors.captureEvent;
export const captureException: typeof doors.captureException = doors.captureException;
export const captureFeedback: typeof doors.captureFeedback = doors.captureFeedback;
export const captureHandlerError: typeof doors.captureHandlerError = doors.captureHandlerError;
export const captureMessage: typeof doors.captureMessage = doors.captureMessage;
export const close: typeof doors.close = doors.close;
export const continueTrace: typeof doors.continueTrace = doors.continueTrace;
export const continueTraceFromEnvironment: typeof doors.continueTraceFromEnvironment =
  doors.continueTraceFromEnvironment;
export const createClient: typeof doors.createClient = doors.createClient;
export const flush: typeof doors.flush = doors.flush;
export const forkIsolation: typeof doors.forkIsolation = doors.forkIsolation;
export const forkScope: typeof doors.forkScope = doors.forkScope;
export const getClient: typeof doors.getClient = doors.getClient;
export const getCurrentScope: typeof doors.getCurrentScope = doors.getCurrentScope;
export const getGlobalScope: typeof doors.getGlobalScope = doors.getGlobalScope;
export const getIsolationScope: typeof doors.getIsolationScope = doors.getIsolationScope;
export const getTraceHeaders: typeof doors.getTraceHeaders = doors.getTraceHeaders;
export const getTraceMetaTags: typeof doors.getTraceMetaTags = doors.getTraceMetaTags;
export const instrumentCron: typeof doors.instrumentCron = doors.instrumentCron;
export const instrumentNodeCron: typeof doors.instrumentNodeCron = doors.instrumentNodeCron;
export const instrumentNodeSchedule: typeof doors.instrumentNodeSchedule =
  doors.instrumentNodeSchedule;
export const isInitialized: typeof doors.isInitialized = doors.isInitialized;
export const isOptionsError: typeof doors.isOptionsError = doors.isOptionsError;
export const lastEventId: typeof doors.lastEventId = doors.lastEventId;
export const logger: typeof doors.logger = doors.logger;
export const metrics: typeof doors.metrics = doors.metrics;
export const monitor: typeof doors.monitor = doors.monitor;
export const setAttribute: typeof doors.setAttribute = doors.setAttribute;
export const setAttributes: typeof doors.setAttributes = doors.setAttributes;
export const setClient: typeof doors.setClient = doors.setClient;
export const setContext: typeof doors.setContext = doors.setContext;
export const setExtra: typeof doors.setExtra = doors.setExtra;
export const setExtras: typeof doors.setExtras = doors.setExtras;
export const setTag: typeof doors.setTag = doors.setTag;
export const setTags: typeof doors.setTags = doors.setTags;
export const setUser: typeof doors.setUser = doors.setUser;
export const startNewTrace: typeof doors.startNewTrace = doors.startNewTrace;
export const stats: typeof doors.stats = doors.stats;
export const suppressTracing: typeof doors.suppressTracing = doors.suppressTracing;
export const traceEnvironment: typeof doors.traceEnvironment = doors.traceEnvironment;
export const withIsolationScope: typeof doors.withIsolationScope = doors.withIsolationScope;
export const withMonitor: typeof doors.withMonitor = doors.withMonitor;
export const withScope: typeof doors.withScope = doors.withScope;
export const getTraceData: typeof doors.getTraceHeaders = doors.getTraceHeaders;
