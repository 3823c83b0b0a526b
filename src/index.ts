export type { Feedback } from "./capture/feedback.js";
export type { OwnEvent } from "./capture/own-event.js";
export type { SentryClient } from "./client/client.js";
export type { CategoryStats, ClientStats } from "./client/stats.js";
export type {
  ClientOptions,
  HttpOptions,
  KeepUnsampled,
  PemText,
  SpanExceptions,
  SpanPattern,
  TcpKeepAlive,
  TextPattern,
} from "./options/options.js";
export { forkIsolation, forkScope } from "./otel/scope-context.js";
export { OptionsError, isOptionsError } from "./protocol/errors.js";
export type {
  CheckIn,
  CheckInStatus,
  MonitorConfig,
  MonitorSchedule,
} from "./protocol/check-in.js";
export type { Attachment } from "./protocol/attachment.js";
export type { ErrorEvent, SeverityLevel } from "./protocol/error-event.js";
export type { EventHint } from "./protocol/event-hint.js";
export type { EventProcessor, SentryEvent } from "./protocol/event-processor.js";
export type { TransactionEvent, TransactionSpan } from "./protocol/transaction-event.js";
export type { SamplerContext } from "./sampling/decide.js";
export type { Breadcrumb, TagValue, User } from "./scope/scope-data.js";
export type { Scope } from "./scope/scope.js";
export { attachToGlobalProvider } from "./sdk/attach.js";
export type { AttachableProcessor } from "./sdk/attach.js";
export { captureCheckIn, withMonitor } from "./sdk/monitor.js";
export { captureEvent, captureException, captureFeedback, captureMessage } from "./sdk/capture.js";
export type { CaptureContext, CaptureHint } from "./sdk/capture-hint.js";
export { createClient } from "./sdk/create-client.js";
export { getClient, setClient } from "./sdk/global-client.js";
export { close, flush, stats } from "./sdk/lifecycle.js";
export {
  SentryPropagator,
  SentrySampler,
  SentrySpanExporter,
  SentrySpanProcessor,
} from "./sdk/otel-parts.js";
export {
  addBreadcrumb,
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
  startNewTrace,
  suppressTracing,
  traceEnvironment,
} from "./sdk/trace.js";
export type { TraceHeaders } from "./sdk/trace.js";
export type { FailurePhase, SendOptions, SendResult, Transport } from "./transport/transport.js";
