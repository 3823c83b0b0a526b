// All functions of the package's main entry, as they are written. Applications get them through `doors.ts`, which guards
// each of them.
export { forkIsolation, forkScope } from "../otel/scope-context.js";
export { isOptionsError } from "../protocol/errors.js";
export { attachToGlobalProvider } from "./attach.js";
export {
  captureEvent,
  captureException,
  captureFeedback,
  captureMessage,
  lastEventId,
} from "./capture.js";
export { createClient } from "./create-client.js";
export { instrumentCron } from "./cron-job-class.js";
export { instrumentNodeCron } from "./cron-node-cron.js";
export { instrumentNodeSchedule } from "./cron-node-schedule.js";
export { getClient, setClient } from "./global-client.js";
export { captureHandlerError } from "./handler-error.js";
export { close, flush, isInitialized, stats } from "./lifecycle.js";
export { logger } from "./logger.js";
export { metrics } from "./metrics.js";
export { captureCheckIn, monitor, withMonitor } from "./monitor.js";
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
} from "./scopes.js";
export {
  continueTrace,
  continueTraceFromEnvironment,
  getTraceHeaders,
  getTraceMetaTags,
  startNewTrace,
  suppressTracing,
  traceEnvironment,
} from "./trace.js";
