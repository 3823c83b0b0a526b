import type { ProxyEnvironment } from "../delivery/http/proxy-route.js";
import { ownEntries } from "../support/foreign.js";
import type { ClientOptions } from "./options.js";

/** The environment's share of the options. This is the only reader of `process.env`. */
export function optionsFromEnvironment(env: Environment = process.env): ClientOptions {
  return {
    dsn: textOf(env["SENTRY_DSN"]),
    release: textOf(env["SENTRY_RELEASE"]),
    environment: textOf(env["SENTRY_ENVIRONMENT"]),
    tracesSampleRate: numberOf(env["SENTRY_TRACES_SAMPLE_RATE"]),
    debug: switchOf(env["SENTRY_DEBUG"]) === true,
    spotlight: switchOf(env["SENTRY_SPOTLIGHT"]),
  };
}

/** Names of the variables that options are read from. */
export const VARIABLES: Readonly<Partial<Record<keyof ClientOptions, string>>> = {
  dsn: "SENTRY_DSN",
  release: "SENTRY_RELEASE",
  environment: "SENTRY_ENVIRONMENT",
  tracesSampleRate: "SENTRY_TRACES_SAMPLE_RATE",
  debug: "SENTRY_DEBUG",
  spotlight: "SENTRY_SPOTLIGHT",
};

/** The text of the variable that an option is read from. */
export function variableText(
  option: keyof ClientOptions,
  env: Environment = process.env,
): string | undefined {
  const name = VARIABLES[option];
  return name === undefined ? undefined : textOf(env[name]);
}

/** Reads the proxy variables; the lower-case names win, as with most programs. */
export function proxyFromEnvironment(env: Environment = process.env): ProxyEnvironment {
  return {
    http: textOf(env["http_proxy"]) ?? textOf(env["HTTP_PROXY"]),
    https: textOf(env["https_proxy"]) ?? textOf(env["HTTPS_PROXY"]),
    noProxy: textOf(env["no_proxy"]) ?? textOf(env["NO_PROXY"]),
  };
}

/** The variables of a process, as Node has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A trace as variables carry it. */
interface VariableTrace {
  readonly "sentry-trace"?: string | undefined;
  readonly baggage?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** The trace that whoever started this process wants continued. */
export function traceFromEnvironment(env: Environment = process.env): VariableTrace {
  return {
    "sentry-trace": textOf(env["SENTRY_TRACE"]),
    baggage: textOf(env["SENTRY_BAGGAGE"]),
    traceparent: textOf(env["TRACEPARENT"]),
  };
}

/** Variables of an environment that are copied. */
const MAX_VARIABLES = 10_000;

/** A copy of the variables with those of a trace; what the trace does not have is taken out. */
export function environmentWithTrace(
  headers: VariableTrace,
  env: Environment = process.env,
): Environment {
  // Not by spreading: what stands in place of an environment may have millions of members.
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

/** What the standard OpenTelemetry variables ask of `register`. */
export interface PipelineRequest {
  /** `OTEL_SDK_DISABLED`: nothing is set up. */
  readonly isDisabled: boolean;
  /** Spans go to an OTLP endpoint, too; the exporter reads its variables itself. */
  readonly otlp: boolean;
}

/** Reads the variables that say which pipeline to set up. */
export function pipelineFromEnvironment(env: Environment = process.env): PipelineRequest {
  const endpoint =
    textOf(env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]) ?? textOf(env["OTEL_EXPORTER_OTLP_ENDPOINT"]);
  const exporters = textOf(env["OTEL_TRACES_EXPORTER"])?.split(",") ?? ["otlp"];
  return {
    isDisabled: textOf(env["OTEL_SDK_DISABLED"])?.toLowerCase() === "true",
    otlp: endpoint !== undefined && exporters.some((exporter) => exporter.trim() === "otlp"),
  };
}

// The values that Node reads as colours; all others switch them off.
const COLOURS = new Set(["", "1", "true", "2", "3"]);

/** Reads whether `FORCE_COLOR` asks for colours where the output is no terminal. */
export function forcesColours(env: Environment = process.env): boolean {
  const value = env["FORCE_COLOR"];
  return value !== undefined && COLOURS.has(value);
}

// The limits and rules of OpenTelemetry's own `envDetector`, so that both read the same.
const MAX_ATTRIBUTE_LENGTH = 255;

/**
 * The resource attributes that `OTEL_RESOURCE_ATTRIBUTES` (percent-encoded `key=value` pairs) and
 * `OTEL_SERVICE_NAME` name. By OpenTelemetry's specification one malformed pair discards the whole
 * variable. Never throws.
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
    throw new Error(`no resource attribute: ${pair}`);
  return [key, value];
}

const TRUTHY = /^(?:true|t|y|yes|on|1)$/i;
const FALSY = /^(?:false|f|n|no|off|0)$/i;

function textOf(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}

function numberOf(value: string | undefined): number | undefined {
  return textOf(value) === undefined ? undefined : Number(value);
}

// As Sentry's specification for SENTRY_SPOTLIGHT: anything that is no switch is a URL.
function switchOf(value: string | undefined): boolean | string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  if (TRUTHY.test(text)) return true;
  return FALSY.test(text) ? false : text;
}
