import type { ProxyEnvironment } from "../delivery/http/proxy-route.js";
import { ownEntries } from "../support/foreign.js";
import type { IncomingTraceHeaders } from "../trace/headers.js";

/** Reads the proxy variables. Lower-case names take precedence, as in most programs. */
export function proxyFromEnvironment(env: Environment = process.env): ProxyEnvironment {
  return {
    http: textOf(env["http_proxy"]) ?? textOf(env["HTTP_PROXY"]),
    https: textOf(env["https_proxy"]) ?? textOf(env["HTTPS_PROXY"]),
    noProxy: textOf(env["no_proxy"]) ?? textOf(env["NO_PROXY"]),
  };
}

/** The variables by which Node decides which certificates it trusts. */
const TRUST_VARIABLES = [
  "NODE_EXTRA_CA_CERTS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "NODE_USE_SYSTEM_CA",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
];

/** Returns the variables that a thread needs to make the same connections. */
export function networkEnvironment(
  env: Environment = process.env,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    TRUST_VARIABLES.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Environment variables by name, in the form of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the environment of this process. */
export function processEnvironment(): Environment {
  return process.env;
}

/** Reads the trace that the parent process passed on to this one. */
export function traceFromEnvironment(env: Environment = process.env): IncomingTraceHeaders {
  return {
    "sentry-trace": textOf(env["SENTRY_TRACE"]),
    baggage: textOf(env["SENTRY_BAGGAGE"]),
    traceparent: textOf(env["TRACEPARENT"]),
  };
}

/** Maximum number of variables that are copied. */
const MAX_VARIABLES = 10_000;

/** Copies an environment and sets the variables of a trace; those that the trace does not have are removed. */
export function environmentWithTrace(
  headers: IncomingTraceHeaders,
  env: Environment = process.env,
): Environment {
  // Not copied by spreading: an object passed instead of an environment may have millions of properties.
  const {
    SENTRY_TRACE: _trace,
    SENTRY_BAGGAGE: _baggage,
    TRACEPARENT: _parent,
    ...others
  } = Object.fromEntries(ownEntries<string | undefined>(env, MAX_VARIABLES));
  const { "sentry-trace": sentryTrace, baggage, traceparent } = headers;
  return {
    ...others,
    ...(sentryTrace === undefined ? {} : { SENTRY_TRACE: sentryTrace }),
    ...(baggage === undefined ? {} : { SENTRY_BAGGAGE: baggage }),
    ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent }),
  };
}

/** The pipeline that the standard OpenTelemetry variables tell `register` to set up. */
export interface PipelineRequest {
  /** True with `OTEL_SDK_DISABLED`: nothing is set up. */
  readonly isDisabled: boolean;
  /** True if spans are also exported by OTLP; the exporter reads its variables itself. */
  readonly otlp: boolean;
}

/** Reads the variables that select the pipeline. */
export function pipelineFromEnvironment(env: Environment = process.env): PipelineRequest {
  const endpoint =
    textOf(env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]) ?? textOf(env["OTEL_EXPORTER_OTLP_ENDPOINT"]);
  const exporters = textOf(env["OTEL_TRACES_EXPORTER"])?.split(",") ?? ["otlp"];
  return {
    isDisabled: textOf(env["OTEL_SDK_DISABLED"])?.toLowerCase() === "true",
    otlp: endpoint !== undefined && exporters.some((exporter) => exporter.trim() === "otlp"),
  };
}

// The values with which Node enables colours; all others disable them.
const COLOURS = new Set(["", "1", "true", "2", "3"]);

/** Tells whether `FORCE_COLOR` enables colours for output that is not a terminal. */
export function forcesColours(env: Environment = process.env): boolean {
  const value = env["FORCE_COLOR"];
  return value !== undefined && COLOURS.has(value);
}

// The limit and the rules of OpenTelemetry's `envDetector`, so that both read the same attributes.
const MAX_ATTRIBUTE_LENGTH = 255;

/**
 * Reads the resource attributes in `OTEL_RESOURCE_ATTRIBUTES` (percent-encoded `key=value` pairs) and
 * `OTEL_SERVICE_NAME`. By OpenTelemetry's specification one malformed pair discards the whole variable. Never throws.
 */
export function resourceFromEnvironment(
  env: Environment = process.env,
): Readonly<Record<string, string>> {
  const serviceName = textOf(env["OTEL_SERVICE_NAME"]);
  return {
    ...resourceAttributes(env["OTEL_RESOURCE_ATTRIBUTES"] ?? ""),
    ...(serviceName === undefined ? {} : { "service.name": serviceName }),
  };
}

function resourceAttributes(text: string): Record<string, string> {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  try {
    return Object.fromEntries(pairs.map(attributeOf));
  } catch {
    return {};
  }
}

function attributeOf(pair: string): readonly [key: string, value: string] {
  const [key = "", value, ...more] = pair.split("=").map((part) => decodeURIComponent(part.trim()));
  const isTooLong = Math.max(key.length, value?.length ?? 0) > MAX_ATTRIBUTE_LENGTH;
  if (key === "" || value === undefined || more.length > 0 || isTooLong)
    throw new Error(`not a resource attribute (key=value): ${pair}`);
  return [key, value];
}

const TRUTHY = /^(?:true|t|y|yes|on|1)$/i;
const FALSY = /^(?:false|f|n|no|off|0)$/i;

/** Reads a variable as a string; undefined if it is unset or blank. */
export function textIn(name: string, env: Environment = process.env): string | undefined {
  return textOf(env[name]);
}

/** Reads a variable as a number; `NaN` if it is not one, undefined if it is unset or blank. */
export function numberIn(name: string, env?: Environment): number | undefined {
  const text = textIn(name, env);
  return text === undefined ? undefined : Number(text);
}

/** Reads a variable as a boolean; false unless its value means yes. */
export function switchIn(name: string, env?: Environment): boolean {
  return flagOrTextIn(name, env) === true;
}

/**
 * Reads a variable as a boolean or a string. By Sentry's specification of SENTRY_SPOTLIGHT, any other value is a URL.
 */
export function flagOrTextIn(name: string, env?: Environment): boolean | string | undefined {
  const text = textIn(name, env);
  if (text === undefined) return undefined;
  if (TRUTHY.test(text)) return true;
  return FALSY.test(text) ? false : text;
}

function textOf(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}
