// Entry for runtimes other than Node (`edge-light`, `workerd`, `browser`): exports the names of `index.ts` and sends nothing.
import { TraceFlags, context, isSpanContextValid, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import type { CategoryStats, ClientStats } from "../client/stats.js";
import type * as real from "../index.js";
import type { OptionProblem } from "../protocol/errors.js";
import { EMPTY_SCOPE_DATA } from "../scope/scope-data.js";
import type { ScopeData } from "../scope/scope-data.js";

export { isOptionsError } from "../protocol/errors.js";

const nothing = (): void => undefined;
const done = (): Promise<void> => Promise.resolve();

const NO_ITEMS: CategoryStats = Object.freeze({
  captured: 0,
  sent: 0,
  queued: 0,
  spooled: 0,
  dropped: {},
  droppedEarly: {},
});

/** A `SentryClient` that captures and sends nothing. */
class InertClient {
  readonly dsn = undefined;
  readonly isClosed = false;
  readonly close = (): Promise<boolean> => Promise.resolve(true);
  readonly flush = (): Promise<boolean> => Promise.resolve(true);

  /** Returns counts that are all 0. */
  stats(): Omit<ClientStats, "delivery"> {
    return {
      spans: { ...NO_ITEMS, started: 0, open: 0, buffered: 0 },
      transactions: NO_ITEMS,
      errors: NO_ITEMS,
      byCategory: {},
      envelopesSent: 0,
      queuedBytes: 0,
      bufferedBytes: 0,
    };
  }
}

/** The id that capture functions return, because there is no event. */
const NO_EVENT_ID = "00000000000000000000000000000000";

/** The error of the main entry; nothing here checks options, so nothing throws it. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
  readonly option: string;
  readonly problem: OptionProblem;

  constructor(problem: OptionProblem) {
    super(`\`${problem.option}\` ${problem.expected}`);
    this.option = problem.option;
    this.problem = problem;
  }
}

class InertProcessor {
  readonly forceFlush: () => Promise<void> = done;
  readonly shutdown: () => Promise<void> = done;
}

/** A `SpanProcessor` that does nothing. */
export class SentrySpanProcessor extends InertProcessor {
  readonly onStart: () => void = nothing;
  readonly onEnd: () => void = nothing;
}

/** A `LogRecordProcessor` that does nothing. */
export class SentryLogRecordProcessor extends InertProcessor {
  readonly onEmit: () => void = nothing;
}

/** A `SpanExporter` that reports success and sends nothing. */
export class SentrySpanExporter extends InertProcessor {
  /** Calls back with success (code 0). */
  export(_spans: unknown, resultCallback: (result: { readonly code: 0 }) => void): void {
    resultCallback({ code: 0 });
  }
}

/** A `TextMapPropagator` that reads and writes no headers. */
export class SentryPropagator {
  readonly inject: () => void = nothing;
  readonly extract = (ctx: Context): Context => ctx;
  readonly fields = (): string[] => [];
}

/**
 * A `Sampler` that follows the parent and otherwise samples, as OpenTelemetry does by default: a decision not to sample
 * would also apply to the services that are called.
 */
export class SentrySampler {
  /** Returns the decision: 0 does not record, 2 records and samples. */
  shouldSample(ctx: Context): { readonly decision: 0 | 2 } {
    const parent = trace.getSpanContext(ctx);
    if (parent === undefined || !isSpanContextValid(parent)) return { decision: 2 };
    return { decision: (parent.traceFlags & TraceFlags.SAMPLED) === 0 ? 0 : 2 };
  }

  /** Returns the name of the sampler, for diagnostics of the SDK. */
  toString(): string {
    return "SentrySampler";
  }
}

/** A `Scope` that stores nothing, so that all contexts can share one. */
class InertScope {
  readonly addAttachment = (): this => this;
  readonly addBreadcrumb = (): this => this;
  readonly addEventProcessor = (): this => this;
  readonly clear = (): this => this;
  readonly clearAttachments = (): this => this;
  readonly clearBreadcrumbs = (): this => this;
  readonly clone = (): this => this;
  readonly fork = (): this => this;
  readonly setAttribute = (): this => this;
  readonly setAttributes = (): this => this;
  readonly setContext = (): this => this;
  readonly setExtra = (): this => this;
  readonly setExtras = (): this => this;
  readonly setFingerprint = (): this => this;
  readonly setLevel = (): this => this;
  readonly setTag = (): this => this;
  readonly setTags = (): this => this;
  readonly setTransactionName = (): this => this;
  readonly setUser = (): this => this;

  /** Calls a function with the scope, and throws what it throws; does nothing for other values. */
  update(change: unknown): this {
    if (typeof change === "function") change(this);
    return this;
  }

  /** Returns no data. */
  get data(): ScopeData {
    return EMPTY_SCOPE_DATA;
  }
}

/** The scope of all contexts. */
const INERT_SCOPE: InertScope = new InertScope();

// Calls nothing if the argument is not a function, like the main entry.
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
