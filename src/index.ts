export type { Feedback } from "./capture/feedback.js";
export type { OwnEvent } from "./capture/own-event.js";
export type { SentryClient } from "./client/client.js";
export type { CaptureMechanism } from "./capture/exception-values.js";
export type { ReportCounts } from "./client-reports/client-reports.js";
export type { UntoldCounts } from "./client-reports/discard-recorder.js";
export type { DeliveryStats } from "./client/delivery-stats.js";
export type { CategoryStats, ClientStats, SpanCounts } from "./client/stats.js";
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
export { forkIsolation, forkScope } from "./otel/scope-context.js";
export { OptionsError, isOptionsError } from "./protocol/errors.js";
export type { OptionProblem } from "./protocol/errors.js";
export type {
  CheckIn,
  CheckInStatus,
  MonitorConfig,
  MonitorRunConfig,
  MonitorSchedule,
} from "./protocol/check-in.js";
export type { Attachment } from "./protocol/attachment.js";
export type {
  ErrorEvent,
  ExceptionValue,
  JsonRecord,
  LogEntry,
  Mechanism,
  SeverityLevel,
  StackFrame,
} from "./protocol/error-event.js";
export type {
  DataCategory,
  DiscardReason,
  ItemCount,
  LocalReason,
  ReportedReason,
} from "./protocol/data-category.js";
export type { CheckInState, EncodedEnvelope } from "./protocol/envelope.js";
export type { EventHint } from "./protocol/event-hint.js";
export type { EventProcessor, SentryEvent } from "./protocol/event-processor.js";
export type { Log, LogLevel } from "./protocol/log.js";
export type { Metric, MetricType } from "./protocol/metric.js";
export type { TransactionEvent, TransactionSpan } from "./protocol/transaction-event.js";
export type { RootDescription, SamplerContext, TracesSampler } from "./sampling/decide.js";
export type { Breadcrumb, ScopeChange, TagValue, User } from "./scope/scope-data.js";
export type { Scope } from "./scope/scope.js";
export { attachToGlobalProvider } from "./sdk/attach.js";
export type { AttachableProcessor } from "./sdk/attach.js";
export { captureCheckIn, monitor, withMonitor } from "./sdk/monitor.js";
export { instrumentCron } from "./sdk/cron-job-class.js";
export type { CronJobClass } from "./sdk/cron-job-class.js";
export { instrumentNodeSchedule } from "./sdk/cron-node-schedule.js";
export type { NodeScheduleLibrary } from "./sdk/cron-node-schedule.js";
export { instrumentNodeCron } from "./sdk/cron-node-cron.js";
export type { NodeCronLibrary } from "./sdk/cron-node-cron.js";
export type { CronMonitorOptions } from "./sdk/cron-task.js";
export {
  captureEvent,
  captureException,
  captureFeedback,
  captureMessage,
  lastEventId,
} from "./sdk/capture.js";
export { captureHandlerError } from "./sdk/handler-error.js";
export type { CaptureContext, CaptureHint } from "./sdk/capture-hint.js";
export { createClient } from "./sdk/create-client.js";
export { getClient, setClient } from "./sdk/global-client.js";
export { close, flush, isInitialized, stats } from "./sdk/lifecycle.js";
export { logger } from "./sdk/logger.js";
export type { LogFunction, Logger } from "./sdk/logger.js";
export { metrics } from "./sdk/metrics.js";
export type { MetricOptions, Metrics } from "./sdk/metrics.js";
export {
  SentryLogRecordProcessor,
  SentryPropagator,
  SentrySampler,
  SentrySpanExporter,
  SentrySpanProcessor,
} from "./sdk/otel-parts.js";
export {
  addBreadcrumb,
  addEventProcessor,
  bindContext,
  getCurrentScope,
  getGlobalScope,
  getIsolationScope,
  setAttribute,
  setAttributes,
  setContext,
  setExtra,
  setExtras,
  setTag,
  setTags,
  setUser,
  withIsolationScope,
  withScope,
} from "./sdk/scopes.js";
export {
  continueTrace,
  continueTraceFromEnvironment,
  getTraceHeaders,
  getTraceHeaders as getTraceData,
  getTraceMetaTags,
  startNewTrace,
  suppressTracing,
  traceEnvironment,
} from "./sdk/trace.js";
export type { IncomingTraceHeaders, TraceHeaderName, TraceHeaders } from "./sdk/trace.js";
export type {
  FailurePhase,
  LimitHeaders,
  SendOptions,
  SendResult,
  Transport,
} from "./transport/transport.js";
export type { ParameterizedLog } from "./telemetry/log-message.js";
