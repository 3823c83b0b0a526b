import { parseDsn } from "../protocol/dsn.js";
import { OptionsError } from "../protocol/errors.js";
import { optionsFromEnvironment } from "./env.js";
import type { ClientOptions, Settings } from "./options.js";
import * as must from "./validate.js";
import type { Check } from "./validate.js";

const DEFAULT_SPOTLIGHT_URL = "http://localhost:8969/stream";
const MEBIBYTE = 1_048_576;

const CHECKS: Readonly<Record<keyof ClientOptions, Check>> = {
  dsn: must.text,
  release: must.text,
  environment: must.text,
  dist: must.text,
  serverName: must.text,
  tracesSampleRate: must.rate,
  tracesSampler: must.callback,
  sampleRate: must.rate,
  ignoreErrors: must.patterns,
  ignoreTransactions: must.patterns,
  ignoreSpans: must.spanPatterns,
  beforeSend: must.callback,
  beforeSendTransaction: must.callback,
  beforeSendSpan: must.callback,
  beforeBreadcrumb: must.callback,
  maxBreadcrumbs: must.count,
  maxBufferedBytes: must.size,
  orgId: must.text,
  tunnel: must.url,
  spotlight: must.flagOrUrl,
  transport: must.transport,
  shutdownTimeoutMillis: must.millis,
  debug: must.flag,
};

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
  validate(environment);
  const given: ClientOptions = { ...withoutUnset(environment), ...withoutUnset(options) };
  if (given.dsn) parseDsn(given.dsn);
  return Object.freeze({
    dsn: given.dsn || undefined,
    release: given.release,
    environment: given.environment,
    dist: given.dist,
    serverName: given.serverName,
    tracesSampleRate: given.tracesSampleRate ?? 1,
    tracesSampler: given.tracesSampler,
    sampleRate: given.sampleRate ?? 1,
    ignoreErrors: Object.freeze([...(given.ignoreErrors ?? [])]),
    ignoreTransactions: Object.freeze([...(given.ignoreTransactions ?? [])]),
    ignoreSpans: Object.freeze([...(given.ignoreSpans ?? [])]),
    beforeSend: given.beforeSend,
    beforeSendTransaction: given.beforeSendTransaction,
    beforeSendSpan: given.beforeSendSpan,
    beforeBreadcrumb: given.beforeBreadcrumb,
    maxBreadcrumbs: given.maxBreadcrumbs ?? 100,
    maxBufferedBytes: given.maxBufferedBytes ?? 20 * MEBIBYTE,
    orgId: given.orgId,
    tunnel: given.tunnel,
    spotlight: spotlightUrl(options.spotlight, environment.spotlight),
    transport: given.transport ?? {},
    shutdownTimeoutMillis: given.shutdownTimeoutMillis ?? 2000,
    debug: given.debug ?? false,
  });
}

function validate(options: ClientOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!isOption(name)) {
      const expected = `is not an option; there are ${Object.keys(CHECKS).join(", ")}`;
      throw new OptionsError({ option: name, expected, received: value });
    }
    if (value !== undefined) CHECKS[name](name, value);
  }
}

function isOption(name: string): name is keyof ClientOptions {
  return Object.hasOwn(CHECKS, name);
}

// An option that is passed as `undefined` was not set: it must not hide the environment's.
function withoutUnset(options: ClientOptions): ClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

// `true` in code asks for the default URL unless the environment names one.
function spotlightUrl(option: boolean | string | undefined, environment: boolean | string | undefined): string | undefined {
  const chosen = option ?? environment;
  if (chosen === true) return typeof environment === "string" ? environment : DEFAULT_SPOTLIGHT_URL;
  return typeof chosen === "string" ? chosen : undefined;
}
