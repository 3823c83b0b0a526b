import { ownKeys } from "../support/foreign.js";
import { parseDsn } from "../protocol/dsn.js";
import { OptionsError, isOptionsError } from "../protocol/errors.js";
import { DEFAULT_MAX_BREADCRUMBS } from "../scope/scope.js";
import { VARIABLES, optionsFromEnvironment, variableText } from "./env.js";
import type { ClientOptions, Settings } from "./options.js";
import { unknownOption } from "./unknown-option.js";
import * as must from "./validate.js";
import type { Check } from "./validate.js";

// One that does not exist is an error: more than there are need not be read.
const MAX_READ = 1000;

const DEFAULT_SPOTLIGHT_URL = "http://localhost:8969/stream";
const MEBIBYTE = 1_048_576;

const CHECKS: Readonly<Record<keyof ClientOptions, Check>> = {
  dsn: must.dsn,
  release: must.text,
  environment: must.text,
  dist: must.text,
  serverName: must.text,
  tracesSampleRate: must.rate,
  tracesSampler: must.callback,
  keepUnsampled: must.keepUnsampled,
  spanExceptions: must.spanExceptions,
  captureUncaught: must.flag,
  frameContextLines: must.count,
  sampleRate: must.rate,
  ignoreErrors: must.patterns,
  ignoreTransactions: must.transactionPatterns,
  ignoreSpans: must.spanPatterns,
  initialScope: must.scope,
  errorProperties: must.flagOrDepth,
  beforeSend: must.callback,
  beforeSendTransaction: must.callback,
  beforeSendSpan: must.callback,
  beforeBreadcrumb: must.callback,
  spanBreadcrumbs: must.flag,
  enableLogs: must.flag,
  beforeSendLog: must.callback,
  enableMetrics: must.flag,
  beforeSendMetric: must.callback,
  sendDefaultPii: must.flag,
  maxBreadcrumbs: must.count,
  maxBufferedBytes: must.size,
  tracePropagationTargets: must.patterns,
  strictTraceContinuation: must.flag,
  orgId: must.text,
  tunnel: must.url,
  spotlight: must.flagOrUrl,
  transport: must.transport,
  shutdownTimeoutMillis: must.millis,
  flushOnSignals: must.flag,
  sendClientReports: must.flag,
  enableBackpressureHandling: must.flag,
  debug: must.flag,
  silent: must.flag,
};

type SetOptions = {
  readonly [Name in keyof ClientOptions]: Exclude<ClientOptions[Name], undefined>;
};

const DEFAULTS = {
  tracesSampleRate: 1,
  spanExceptions: "failed",
  captureUncaught: false,
  frameContextLines: 5,
  sampleRate: 1,
  ignoreErrors: Object.freeze([]),
  ignoreTransactions: Object.freeze([]),
  ignoreSpans: Object.freeze([]),
  errorProperties: false,
  spanBreadcrumbs: true,
  enableLogs: true,
  enableMetrics: true,
  sendDefaultPii: false,
  maxBreadcrumbs: DEFAULT_MAX_BREADCRUMBS,
  maxBufferedBytes: 20 * MEBIBYTE,
  strictTraceContinuation: false,
  transport: {},
  shutdownTimeoutMillis: 2000,
  flushOnSignals: false,
  sendClientReports: true,
  enableBackpressureHandling: true,
  debug: false,
  silent: false,
} as const satisfies ClientOptions;

const UNSET = {
  release: undefined,
  environment: undefined,
  dist: undefined,
  serverName: undefined,
  tracesSampler: undefined,
  keepUnsampled: undefined,
  initialScope: undefined,
  beforeSend: undefined,
  beforeSendTransaction: undefined,
  beforeSendSpan: undefined,
  beforeBreadcrumb: undefined,
  beforeSendLog: undefined,
  beforeSendMetric: undefined,
  tracePropagationTargets: undefined,
  orgId: undefined,
  tunnel: undefined,
} as const satisfies ClientOptions;

/**
 * The one door for options: code over environment over default, validated and frozen. Throws an
 * `OptionsError` that names the option, what it expects and what it got.
 */
export function resolveOptions(
  options: ClientOptions = {},
  environment: ClientOptions = optionsFromEnvironment(),
): Settings {
  must.record("options", options);
  validate(options);
  validateEnvironment(environment, options);
  const given = { ...withoutUnset(environment), ...withoutUnset(options) };
  const dsn = (given.dsn || "").trim() || undefined;
  if (dsn !== undefined) blaming("dsn", options.dsn === undefined, () => parseDsn(dsn));
  const spotlight = spotlightUrl(options.spotlight, environment.spotlight);
  // `true` in code takes the variable's URL, which was not checked with the other variables.
  if (spotlight !== undefined)
    blaming("spotlight", typeof options.spotlight !== "string", () =>
      must.url("spotlight", spotlight),
    );
  return Object.freeze({ ...UNSET, ...DEFAULTS, ...given, dsn, spotlight });
}

function validate(options: ClientOptions): void {
  for (const name of ownKeys(options, MAX_READ)) {
    if (!isOption(name)) {
      const expected = unknownOption(name, {
        known: Object.keys(CHECKS),
        ofTransport: must.HTTP_OPTION_NAMES,
      });
      throw new OptionsError({ option: must.shownName(name), expected });
    }
    const value: unknown = options[name];
    if (value !== undefined) CHECKS[name](name, value);
  }
}

// What code overrides need not be valid; what is not, is looked for in its variable.
function validateEnvironment(environment: ClientOptions, options: ClientOptions): void {
  for (const [option, received] of Object.entries(environment)) {
    if (!isOption(option) || options[option] !== undefined) continue;
    blaming(option, true, () => validate({ [option]: received }));
  }
}

// Names the variable where the value came from the environment. The value is shown as the check shows it, without
// credentials; what is no number, as the variable has it.
function blaming(
  option: keyof ClientOptions,
  isFromEnvironment: boolean,
  check: () => unknown,
): void {
  try {
    check();
  } catch (error) {
    if (!isFromEnvironment || !isOptionsError(error)) throw error;
    const { expected, received } = error.problem;
    const shown = Number.isNaN(received) ? (variableText(option) ?? received) : received;
    throw new OptionsError({ option, expected, received: shown, variable: VARIABLES[option] });
  }
}

// The application may change its list later.
function frozenList(value: unknown): unknown {
  return Array.isArray(value) ? Object.freeze([...(value as unknown[])]) : value;
}

function isOption(name: string): name is keyof ClientOptions {
  return Object.hasOwn(CHECKS, name);
}

// An option that is passed as `undefined` was not set: it must not hide the environment's.
function withoutUnset(options: ClientOptions): SetOptions {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, frozenList(value)]));
}

// `true` in code asks for the default URL unless the environment names one.
function spotlightUrl(
  option: boolean | string | undefined,
  environment: boolean | string | undefined,
): string | undefined {
  const chosen = option ?? environment;
  if (chosen === true) return typeof environment === "string" ? environment : DEFAULT_SPOTLIGHT_URL;
  return typeof chosen === "string" ? chosen : undefined;
}
