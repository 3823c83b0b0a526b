import { processNames } from "../client/process-identity.js";
import {
  pipelineFromEnvironment,
  proxyFromEnvironment,
  resourceFromEnvironment,
  textIn,
} from "../options/env.js";
import type { Environment } from "../options/env.js";
import { optionsFromEnvironment } from "../options/option-table.js";
import type { ClientOptions, Settings } from "../options/options.js";
import { resolveOptions } from "../options/resolve.js";
import { isTransport } from "../options/validate.js";
import { ingestTarget } from "../delivery/http/ingest-target.js";
import { routeTo } from "../delivery/http/proxy-route.js";
import { parseDsn, publicDsn } from "../protocol/dsn.js";
import { isOptionsError, withoutUserInfo } from "../protocol/errors.js";
import type { AttributeBag } from "../trace/span.js";
import { createDiagnostics } from "../support/diagnostics.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { hasDestination } from "../setup/destination-check.js";
import { finding } from "./finding.js";
import type { Examination, Fact, Finding } from "./finding.js";
import { FROM_PROJECT } from "./server-check.js";

/** Result of a check of the configuration. */
interface ConfigurationCheck extends Examination {
  /** Undefined if an option is invalid. */
  readonly settings: Settings | undefined;
}

const SHAPE = "https://<key>@<host>/<project>";
const EXAMPLE = `export SENTRY_DSN=${SHAPE}`;
const OPTION = `new SentrySpanProcessor({ dsn: "${SHAPE}" });`;

/** Sources of the configuration beside options. */
interface ConfigurationSources {
  /** Default: the environment of the process. */
  readonly env?: Environment | undefined;
  /** Attributes of the resource of the process's spans; undefined if there were none. */
  readonly resource?: AttributeBag | undefined;
  /** True if this process is the application, whose options are known. */
  readonly isRunning?: boolean;
}

/**
 * Checks the configuration of a client with these options. Never throws.
 */
export function checkConfiguration(
  given: ClientOptions,
  { env, resource, isRunning = false }: ConfigurationSources = {},
): ConfigurationCheck {
  const findings = disabled(env);
  try {
    const settings = resolveOptions(given, optionsFromEnvironment(env));
    const names = namesToSend(settings, { env, resource });
    if (!hasDestination(settings)) findings.push(noDsn(isRunning));
    findings.push(...names.findings, ...sampledOut(settings, env));
    return { settings, findings, facts: [...factsOf(settings, env), ...names.facts] };
  } catch (error) {
    return { settings: undefined, facts: [], findings: [...findings, badOption(error)] };
  }
}

function noDsn(isRunning: boolean): Finding {
  return finding({
    name: "no-dsn",
    summary: "No DSN is set: nothing would be sent to Sentry.",
    mechanism: isRunning
      ? "Neither SENTRY_DSN nor the option `dsn` is set."
      : "The environment has no SENTRY_DSN; `doctor -- node app.js` also sees a DSN in code.",
    fix: `Copy the DSN ${FROM_PROJECT}:`,
    code: EXAMPLE,
  });
}

/** Returns the finding for an option that creating a client refuses. */
export function badOption(error: unknown): Finding {
  const isDsn = isOptionsError(error) && error.option === "dsn";
  const variable = isOptionsError(error) ? error.problem.variable : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return finding({
    name: isDsn ? "bad-dsn" : "bad-option",
    summary: `An option is invalid: ${message}${message.endsWith("?") ? "" : "."}`,
    mechanism: "Creating a client throws this error: nothing is traced or reported.",
    fix: `Correct ${variable ?? "the option in the code"}${isDsn ? "; a DSN looks like this:" : "."}`,
    code: !isDsn ? undefined : variable === undefined ? OPTION : EXAMPLE,
  });
}

function disabled(env?: Environment): Finding[] {
  if (!pipelineFromEnvironment(env).isDisabled) return [];
  return [
    finding({
      name: "sdk-disabled",
      severity: "warning",
      summary: "OTEL_SDK_DISABLED is set: OpenTelemetry records no spans.",
      mechanism: "There are no transactions then, and `register` sets nothing up.",
      fix: "Unless that is intended, unset it:",
      code: "unset OTEL_SDK_DISABLED",
    }),
  ];
}

function sampledOut({ tracesSampleRate, tracesSampler }: Settings, env?: Environment): Finding[] {
  const sampler = textIn("OTEL_TRACES_SAMPLER", env);
  const isOff = sampler === "always_off" || sampler === "parentbased_always_off";
  if (!isOff && (tracesSampleRate > 0 || tracesSampler !== undefined)) return [];
  const isOption = !isOff && optionsFromEnvironment(env).tracesSampleRate !== 0;
  const variable = isOff ? "OTEL_TRACES_SAMPLER" : "SENTRY_TRACES_SAMPLE_RATE";
  return [
    finding({
      name: "sampled-out",
      severity: "warning",
      summary: `${isOption ? "The option tracesSampleRate" : variable} is ${isOff ? sampler : 0}: no transactions are sent.`,
      mechanism: "Errors are still sent, but traces only if a caller has sampled them.",
      fix: "Unless that is intended, sample a part of the traces:",
      code: isOption
        ? "new SentrySpanProcessor({ tracesSampleRate: 0.1 });"
        : isOff
          ? `unset ${variable}`
          : `export ${variable}=0.1`,
    }),
  ];
}

const SILENT = createDiagnostics({ warn: () => {}, debug: () => {} });

// A value that Relay would refuse is reported as a set-up fault, which becomes a finding here.
function namesToSend(settings: Settings, { env, resource }: ConfigurationSources): Examination {
  const findings: Finding[] = [];
  const diagnostics: Diagnostics = {
    ...SILENT,
    faultOnce: (kind, message) => findings.push(refusedName(kind, message, env)),
  };
  const environmentAttributes = resourceFromEnvironment(env);
  const names = processNames({ settings, diagnostics, environmentAttributes }, resource);
  const facts = [
    { name: "release", value: names.release ?? "none" },
    { name: "environment", value: names.environment },
  ];
  return { findings, facts };
}

/** Returns the finding for a release, environment, dist or server name that Relay would refuse. */
export function refusedName(kind: string, message: string, env?: Environment): Finding {
  const name = kind.replace("value:", "");
  const variable = VARIABLES[name] ?? "";
  const value = textIn(variable, env);
  const valid = VALID[name] ?? "…";
  const isVariable = value !== undefined && message.includes(`: ${startOfJson(value)}`);
  return finding({
    name: `refused-${name}`,
    severity: "warning",
    summary: `Sentry would refuse a ${name}: ${message}.`,
    mechanism: "A corrected value is sent, which may not be the one that you use in Sentry.",
    fix: "Give it a valid value where it is set, for example:",
    code: isVariable
      ? `export ${variable}=${valid}`
      : `new SentrySpanProcessor({ ${name}: "${valid}" });`,
  });
}

// Messages cut long values.
const MIN_SHOWN = 50;

function startOfJson(value: string): string {
  const text = JSON.stringify(value.slice(0, MIN_SHOWN));
  return value.length > MIN_SHOWN ? text.slice(0, -1) : text;
}

const VARIABLES: Readonly<Record<string, string>> = {
  release: "SENTRY_RELEASE",
  environment: "SENTRY_ENVIRONMENT",
};

const VALID: Readonly<Record<string, string>> = {
  release: "shop@1.4.2",
  environment: "staging",
  dist: "42",
  serverName: "web-1",
};

function factsOf(settings: Settings, env?: Environment): Fact[] {
  const { dsn, tunnel, tracesSampleRate } = settings;
  return [
    { name: "dsn", value: dsn === undefined ? "none" : shownDsn(dsn, env) },
    ...(tunnel === undefined ? [] : [{ name: "tunnel", value: withoutQuery(tunnel) }]),
    { name: "sample rate", value: String(tracesSampleRate) },
    { name: "proxy", value: proxyOf(settings, env) },
  ];
}

// The settings do not record their source.
function shownDsn(dsn: string, env?: Environment): string {
  const isVariable = textIn("SENTRY_DSN", env)?.trim() === dsn;
  return `${publicDsn(parseDsn(dsn))} (${isVariable ? "SENTRY_DSN" : "option"})`;
}

function withoutQuery(url: string): string {
  return withoutUserInfo(url).replace(/[?#].*/s, "");
}

// By host and port, as the transport chooses it.
function proxyOf({ dsn, tunnel, transport }: Settings, env?: Environment): string {
  if (dsn === undefined || isTransport(transport)) return "none";
  const target = ingestTarget({ dsn: parseDsn(dsn), tunnel, client: "" });
  const settings = { ...transport, proxyEnvironment: proxyFromEnvironment(env) };
  return routeTo(target, settings, SILENT).proxy?.name ?? "none";
}
