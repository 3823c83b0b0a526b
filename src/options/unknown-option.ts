// Options of Sentry's SDKs for Node (7 to 11) that do not exist here, with their replacement or the reason why there
// is none.
const OTEL_SETS_UP =
  "OpenTelemetry is set up by you: pass a SentrySpanProcessor to your tracer provider";
const INSTRUMENTATIONS =
  "pass OpenTelemetry instrumentations to NodeSDK or registerInstrumentations() instead";
const HTTP_SETTINGS =
  "settings of the HTTP transport are in `transport`, such as { proxy, caCerts, maxConnections }";
const BROWSER_ONLY = "it applies to browsers only";
const NO_PROFILES = "profiles are not supported";
const NO_SESSIONS = "release health sessions are not supported";
const PER_EVENT = "filter by frames in `beforeSend`, or by message in `ignoreErrors`";
const FIXED_LIMITS = "values are cut to the depth and length that Sentry accepts";
const UNCAUGHT =
  "set `captureUncaught: true` to report errors that end the process; Node's own handling is kept";
const SCOPE = "set data with getGlobalScope()";
const ALL_STACKS = "errors always have a stack trace, and messages never have one";

const INITIAL_SCOPE = "set it in `initialScope`, such as { tags, user, extra, contexts }";
const RESOURCE =
  "name the service on OpenTelemetry's resource: `serviceName` of NodeSDK, or OTEL_SERVICE_NAME";

const COUNTERPARTS: Readonly<Record<string, string>> = {
  _experiments: "there are no experimental options",
  _flushInterval: "logs and metrics are sent every 5 seconds, or with flush()",
  _metadata: "the name of the SDK cannot be changed",
  allowUrls: PER_EVENT,
  attachStacktrace: ALL_STACKS,
  autoSessionTracking: NO_SESSIONS,
  client: "pass the client itself instead of options",
  contexts: INITIAL_SCOPE,
  clientReportFlushInterval:
    "client reports are attached to other envelopes; `sendClientReports: false` turns them off",
  dataCollection: "use `sendDefaultPii`, and `beforeSend` for single values",
  defaultIntegrations: INSTRUMENTATIONS,
  denyUrls: PER_EVENT,
  disableInstrumentationWarnings: INSTRUMENTATIONS,
  enableMetricsBeta: "use `enableMetrics`",
  enableOpenTelemetrySetup: OTEL_SETS_UP,
  enableRuntimeChannelInjection: INSTRUMENTATIONS,
  enableTracing: "a SentrySpanProcessor turns tracing on; `tracesSampleRate` sets the sample rate",
  enabled: "pass `dsn: false` to send nothing",
  extra: INITIAL_SCOPE,
  fingerprint: INITIAL_SCOPE,
  level: INITIAL_SCOPE,
  tags: INITIAL_SCOPE,
  user: INITIAL_SCOPE,
  resource: RESOURCE,
  serviceName: RESOURCE,
  enhanceFetchErrorMessages: "error messages are not cut",
  httpProxy: HTTP_SETTINGS,
  httpsProxy: HTTP_SETTINGS,
  caCerts: HTTP_SETTINGS,
  proxy: HTTP_SETTINGS,
  includeLocalVariables:
    "local variables are not sent, because reading them needs a debugger in the process. `frameContextLines` adds source lines",
  includeServerName: "set `serverName`",
  instrumenter: OTEL_SETS_UP,
  integrations: INSTRUMENTATIONS,
  isolationScope: SCOPE,
  keepAlive: "connections are always kept; see `transport.idleTimeoutMillis`",
  maxValueLength: FIXED_LIMITS,
  maxRequestBodySize: "request bodies are not read",
  normalizeDepth: FIXED_LIMITS,
  normalizeMaxBreadth: FIXED_LIMITS,
  onFatalError: UNCAUGHT,
  onFatalErrorTimeout: UNCAUGHT,
  onUnhandledRejection: UNCAUGHT,
  openTelemetryInstrumentations: INSTRUMENTATIONS,
  openTelemetrySpanProcessors:
    "pass other span processors to your tracer provider, beside SentrySpanProcessor",
  parentSpanIsAlwaysRootSpan: BROWSER_ONLY,
  profileLifecycle: NO_PROFILES,
  profileSessionSampleRate: NO_PROFILES,
  profilesSampleRate: NO_PROFILES,
  profilesSampler: NO_PROFILES,
  propagateTraceparent: "SentryPropagator always writes `traceparent`",
  registerEsmLoaderHooks:
    'call `register("@opentelemetry/instrumentation/hook.mjs", import.meta.url)` of `node:module` in the file that you pass to --import',
  replaysOnErrorSampleRate: BROWSER_ONLY,
  replaysSessionSampleRate: BROWSER_ONLY,
  runtime: "the runtime's name and version are always sent",
  scope: SCOPE,
  shutdownTimeout: "use `shutdownTimeoutMillis`, in milliseconds",
  skipOpenTelemetrySetup: OTEL_SETS_UP,
  stackParser: "stack traces are parsed in V8's format only",
  trackSessions: NO_SESSIONS,
  traceLifecycle: "spans are sent in transactions",
  traceOptionsRequests:
    "ignore such requests in your HTTP instrumentation, or with `ignoreTransactions`",
  tracingOrigins: "use `tracePropagationTargets`",
  transportOptions: HTTP_SETTINGS,
};

// Names that other HTTP clients give to one setting; they are recognized at the top and inside other options.
const HTTP2: ReadonlySet<string> = new Set(["http2", "allowHTTP2", "allowH2"]);

// "sampelRate" is two edits away from "sampleRate". If the share of edits is larger, the guess is rarely right.
const MAX_SHARE = 0.34;
// A key may have any length, and computing the distance takes time proportional to the product of the lengths.
const MAX_NAME_LENGTH = 50;
// "env" is short for "environment"; two letters are the beginning of too many names.
const MIN_PART_LENGTH = 3;

/** Explains what to use instead of an unknown option, as the end of a sentence that starts with its name. */
export function unknownOption(name: string, names: OptionNames): string {
  if (HTTP2.has(name))
    return "is not an option of otel-sentry-bridge: envelopes are sent over HTTP/1.1";
  const { known, ofTransport = [] } = names;
  const isTop = names.ofTransport !== undefined;
  const others = isTop ? [...Object.keys(COUNTERPARTS), ...ofTransport] : [];
  const nearest = nearestOf(name, known, others);
  if (nearest === undefined) return `is not an option; the options are ${known.join(", ")}`;
  if (known.includes(nearest)) return `is not an option; did you mean \`${nearest}\`?`;
  const counterpart = Object.hasOwn(COUNTERPARTS, nearest) ? COUNTERPARTS[nearest] : undefined;
  if (counterpart !== undefined) return `is not an option of otel-sentry-bridge: ${counterpart}`;
  return `is not an option; did you mean \`transport.${nearest}\`?`;
}

/** The known options where the unknown one was found. */
interface OptionNames {
  readonly known: readonly string[];
  /** Names of the options inside `transport`; undefined for an option inside another. */
  readonly ofTransport?: readonly string[] | undefined;
}

// Prefers the same name elsewhere, then a misspelled one, then a shortened or extended one.
function nearestOf(
  name: string,
  known: readonly string[],
  others: readonly string[],
): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return undefined;
  if (others.includes(name)) return name;
  return (
    similarTo(name, known) ?? similarTo(name, others) ?? extensionOf(name, [...known, ...others])
  );
}

/**
 * Returns the known name that differs from a given one by typing errors only, or extends it; undefined if there is
 * none.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  return nearestOf(name, known, []);
}

function similarTo(name: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = name.length * MAX_SHARE;
  for (const candidate of candidates) {
    const distance = distanceOf(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= least && (nearest === undefined || distance < least))
      [nearest, least] = [candidate, distance];
  }
  return nearest;
}

function extensionOf(name: string, candidates: readonly string[]): string | undefined {
  const text = name.toLowerCase();
  return candidates.find((candidate) => {
    const other = candidate.toLowerCase();
    const [short, long] = text.length < other.length ? [text, other] : [other, text];
    return short.length >= MIN_PART_LENGTH && long.startsWith(short);
  });
}

/** Optimal string alignment distance: two letters that are swapped count as one edit. */
function distanceOf(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwapped ? at(i - 2, j - 2) + 1 : replaced;
      row.push(Math.min(replaced, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(from.length, to.length);
}
