import { DEFAULT_MAX_BUFFERED_BYTES } from "../delivery/memory-bound.js";
import { DEFAULT_MAX_BREADCRUMBS } from "../scope/scope.js";
import { flagOrTextIn, numberIn, switchIn, textIn } from "./env.js";
import type { Environment } from "./env.js";
import type { ClientOptions, OptionWithoutDefault } from "./options.js";
import * as address from "./address-checks.js";
import type { Check } from "./address-checks.js";
import * as must from "./validate.js";

/** An environment variable from which an option is read. */
interface Variable<Value> {
  readonly name: string;
  readonly read: (name: string, env?: Environment) => Value | undefined;
}

/** The check of an option, and the variable that it is read from if there is one. `ClientOptions` declares its type. */
interface OptionDefinition<Value> {
  readonly check: Check;
  readonly variable?: Variable<Value>;
}

interface DefaultedOption<Value> extends OptionDefinition<Value> {
  readonly default: Value;
}

type OptionDefinitions = {
  readonly [Name in keyof ClientOptions]-?: Name extends OptionWithoutDefault
    ? OptionDefinition<ClientOptions[Name]>
    : DefaultedOption<Exclude<ClientOptions[Name], undefined>>;
};

/** The options of a client, in the order in which the message about an unknown option lists them. */
export const OPTIONS: OptionDefinitions = {
  dsn: { check: address.dsn, variable: { name: "SENTRY_DSN", read: textIn } },
  release: { check: must.text, variable: { name: "SENTRY_RELEASE", read: textIn } },
  environment: { check: must.text, variable: { name: "SENTRY_ENVIRONMENT", read: textIn } },
  dist: { check: must.text },
  serverName: { check: must.text },
  tracesSampleRate: {
    check: must.rate,
    default: 1,
    variable: { name: "SENTRY_TRACES_SAMPLE_RATE", read: numberIn },
  },
  tracesSampler: { check: must.callback },
  keepUnsampled: { check: must.keepUnsampled },
  spanExceptions: { check: must.spanExceptions, default: "failed" },
  captureUncaught: { check: must.flag, default: false },
  frameContextLines: { check: must.count, default: 5 },
  sampleRate: { check: must.rate, default: 1 },
  ignoreErrors: { check: must.patterns, default: Object.freeze([]) },
  ignoreTransactions: { check: must.transactionPatterns, default: Object.freeze([]) },
  ignoreSpans: { check: must.spanPatterns, default: Object.freeze([]) },
  initialScope: { check: must.scope },
  errorProperties: { check: must.flagOrDepth, default: false },
  beforeSend: { check: must.callback },
  beforeSendTransaction: { check: must.callback },
  beforeSendSpan: { check: must.callback },
  beforeBreadcrumb: { check: must.callback },
  spanBreadcrumbs: { check: must.flag, default: true },
  enableLogs: { check: must.flag, default: true },
  beforeSendLog: { check: must.callback },
  enableMetrics: { check: must.flag, default: true },
  beforeSendMetric: { check: must.callback },
  sendDefaultPii: { check: must.flag, default: false },
  maxBreadcrumbs: { check: must.count, default: DEFAULT_MAX_BREADCRUMBS },
  maxBufferedBytes: { check: must.bytes, default: DEFAULT_MAX_BUFFERED_BYTES },
  tracePropagationTargets: { check: must.patterns },
  strictTraceContinuation: { check: must.flag, default: false },
  orgId: { check: must.text },
  tunnel: { check: address.url },
  spotlight: {
    check: address.flagOrUrl,
    variable: { name: "SENTRY_SPOTLIGHT", read: flagOrTextIn },
  },
  transport: { check: must.transport, default: Object.freeze({}) },
  spool: { check: must.spool },
  shutdownTimeoutMillis: { check: must.millis, default: 2000 },
  flushOnSignals: { check: must.flag, default: false },
  sendClientReports: { check: must.flag, default: true },
  enableBackpressureHandling: { check: must.flag, default: true },
  debug: { check: must.flag, default: false, variable: { name: "SENTRY_DEBUG", read: switchIn } },
  silent: { check: must.flag, default: false },
};

/** Tells whether an option of this name exists. */
export function isOption(name: string): name is keyof ClientOptions {
  return Object.hasOwn(OPTIONS, name);
}

/** Returns the name of the environment variable of an option; undefined if it has none. */
export function variableOf(option: keyof ClientOptions): string | undefined {
  return OPTIONS[option].variable?.name;
}

/** Reads the options that have environment variables; by default from the environment of the process. */
export function optionsFromEnvironment(env?: Environment): ClientOptions {
  return Object.fromEntries(
    Object.entries(OPTIONS).flatMap(([name, { variable }]) =>
      variable === undefined ? [] : [[name, variable.read(variable.name, env)]],
    ),
  );
}
