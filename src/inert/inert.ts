// Entry for runtimes that are not Node (`edge-light`, `workerd`, `browser`): the names of `index.ts`, and nothing is sent.
import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type * as real from "../index.js";
import { InertClient, NO_EVENT_ID } from "./inert-client.js";
import { INERT_SCOPE } from "./inert-scope.js";
import type { InertScope } from "./inert-scope.js";

export { OptionsError, isOptionsError } from "../protocol/errors.js";
export {
  SentryLogRecordProcessor,
  SentryPropagator,
  SentrySampler,
  SentrySpanExporter,
  SentrySpanProcessor,
} from "./inert-parts.js";

const nothing = (): void => undefined;
// As with the other entry, nothing is run where no function is given.
const run = <T>(fn: () => T): T => (typeof fn === "function" ? fn() : (undefined as T));
const withInertScope = <T>(fn: (scope: InertScope) => T): T =>
  typeof fn === "function" ? fn(INERT_SCOPE) : (undefined as T);
const inertScope = (): InertScope => INERT_SCOPE;
const same = <T>(value: T): T => value;
const noHeaders = (): real.TraceHeaders => ({});
const flushed = (): Promise<boolean> => Promise.resolve(true);

function fork(ctx: Context = context.active(), configure?: (scope: InertScope) => void): Context {
  configure?.(INERT_SCOPE);
  return ctx;
}

export const forkIsolation: typeof fork = fork;
export const forkScope: typeof fork = fork;
export const getCurrentScope: typeof inertScope = inertScope;
export const getGlobalScope: typeof inertScope = inertScope;
export const getIsolationScope: typeof inertScope = inertScope;
export const withIsolationScope: typeof withInertScope = withInertScope;
export const withScope: typeof withInertScope = withInertScope;
export const bindContext: typeof real.bindContext = same;

export const addBreadcrumb: typeof real.addBreadcrumb = nothing;
export const addEventProcessor: typeof real.addEventProcessor = nothing;
export const setAttribute: typeof real.setAttribute = nothing;
export const setAttributes: typeof real.setAttributes = nothing;
export const setContext: typeof real.setContext = nothing;
export const setExtra: typeof real.setExtra = nothing;
export const setExtras: typeof real.setExtras = nothing;
export const setTag: typeof real.setTag = nothing;
export const setTags: typeof real.setTags = nothing;
export const setUser: typeof real.setUser = nothing;

export const captureEvent: typeof real.captureEvent = () => NO_EVENT_ID;
export const captureException: typeof real.captureException = () => NO_EVENT_ID;
export const captureFeedback: typeof real.captureFeedback = () => NO_EVENT_ID;
export const captureHandlerError: typeof real.captureHandlerError = () => undefined;
export const captureMessage: typeof real.captureMessage = () => NO_EVENT_ID;
export const lastEventId: typeof real.lastEventId = () => undefined;

export const captureCheckIn: typeof real.captureCheckIn = () => NO_EVENT_ID;
export const monitor: typeof real.monitor = () => same;
export const withMonitor: typeof real.withMonitor = (_slug, fn) => run(fn);
export const instrumentCron: typeof real.instrumentCron = same;
export const instrumentNodeCron: typeof real.instrumentNodeCron = same;
export const instrumentNodeSchedule: typeof real.instrumentNodeSchedule = same;

export const continueTrace: typeof real.continueTrace = (_headers, fn) => run(fn);
export const continueTraceFromEnvironment: typeof real.continueTraceFromEnvironment = run;
export const getTraceData: typeof real.getTraceData = noHeaders;
export const getTraceHeaders: typeof real.getTraceHeaders = noHeaders;
export const getTraceMetaTags: typeof real.getTraceMetaTags = () => "";
export const startNewTrace: typeof real.startNewTrace = run;
export const suppressTracing: typeof real.suppressTracing = run;
export const traceEnvironment: typeof real.traceEnvironment = (env = {}) => ({ ...env });

export const attachToGlobalProvider: typeof real.attachToGlobalProvider = () => false;
export const close: typeof real.close = flushed;
export const createClient = (): InertClient => new InertClient();
export const flush: typeof real.flush = flushed;
export const getClient: typeof real.getClient = () => undefined;
export const isInitialized: typeof real.isInitialized = () => false;
export const setClient: typeof real.setClient = nothing;
export const stats: typeof real.stats = () => undefined;

export const logger: real.Logger = Object.freeze({
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  fmt: (strings: TemplateStringsArray, ...parameters: unknown[]) => {
    const template = strings.join("%s");
    return { message: template, template, parameters };
  },
});

export const metrics: real.Metrics = Object.freeze({
  count: nothing,
  gauge: nothing,
  distribution: nothing,
});
