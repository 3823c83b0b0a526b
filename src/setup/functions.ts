// All functions of the main entry, without their guards. `public-functions.ts` imports them as one namespace, so that a
// function without a stand-in does not compile.
export { forkIsolation, forkScope } from "../context/scope-context.js";
export { isOptionsError } from "../protocol/errors.js";
export { attachToGlobalProvider } from "./attach.js";
export {
  captureEvent,
  captureException,
  captureFeedback,
  captureMessage,
  lastEventId,
} from "../errors/capture.js";
export { createClient } from "./create-client.js";
export { instrumentCron } from "../crons/instrument-cron.js";
export { instrumentNodeCron } from "../crons/instrument-node-cron.js";
export { instrumentNodeSchedule } from "../crons/instrument-node-schedule.js";
export {
  close,
  flush,
  getClient,
  isInitialized,
  setClient,
  stats,
} from "../context/global-client.js";
export { captureHandlerError } from "../errors/handler-error.js";
export { logger } from "../logs/logger.js";
export { metrics } from "../logs/metrics.js";
export { captureCheckIn, monitor, withMonitor } from "../crons/monitor.js";
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
} from "../context/scopes.js";
export {
  continueTrace,
  continueTraceFromEnvironment,
  getTraceHeaders,
  getTraceMetaTags,
  startNewTrace,
  suppressTracing,
  traceEnvironment,
} from "./trace.js";
