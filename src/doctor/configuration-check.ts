import { processNames } from "../client/process-identity.js";
import {
  pipelineFromEnvironment,
  proxyFromEnvironment,
  resourceFromEnvironment,
  textIn,
} from "../options/env.js";
import type { Environment } from "../options/env.js";
import { optionsFromEnvironment, variableOf } from "../options/option-table.js";
import type { ClientOptions, Settings } from "../options/options.js";
import { resolveOptions } from "../options/resolve.js";
import { parseDsn, publicDsn } from "../protocol/dsn.js";
import { isOptionsError } from "../protocol/errors.js";
import type { AttributeBag } from "../trace/span.js";
import { createDiagnostics } from "../support/diagnostics.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { hasDestination } from "../setup/destination-check.js";
import { finding } from "./finding.js";
import type { Fact, Finding } from "./finding.js";

/** What was found about the configuration in the environment. */
export interface ConfigurationCheck {
  /** Undefined if an option is invalid. */
  readonly settings: Settings | undefined;
  readonly facts: readonly Fact[];
  readonly findings: readonly Finding[];
}

const EXAMPLE = "export SENTRY_DSN=https://<key>@<host>/<project>";

/** What the configuration is read from, in addition to options. */
interface ConfigurationSources {
  /** Default: the environment of the process. */
  readonly env?: Environment | undefined;
  /** Attributes of the resource of the process's spans; undefined if there were none. */
  readonly resource?: AttributeBag | undefined;
}

/**
 * Checks the configuration of a client with these options. Never throws.
 */
export function checkConfiguration(
  given: ClientOptions,
  { env, resource }: ConfigurationSources = {},
): ConfigurationCheck {
  const findings = disabled(env);
  try {
    const settings = resolveOptions(given, optionsFromEnvironment(env));
    const names = namesToSend(settings, { env, resource });
    if (!hasDestination(settings)) findings.push(noDsn());
    findings.push(...names.findings, ...sampledOut(settings, env));
    return { settings, findings, facts: [...factsOf(settings, given, env), ...names.facts] };
  } catch (error) {
    return { settings: undefined, facts: [], findings: [...findings, badOption(error)] };
  }
}

function noDsn(): Finding {
  return finding({
    rule: "D7",
    name: "no-dsn",
    severity: "error",
    summary: "No DSN is set: nothing would be sent to Sentry.",
    mechanism:
      "The DSN names the server and the project. The environment has no SENTRY_DSN; a DSN in the application's code is seen only by `doctor -- node app.js`.",
    fix: "Copy the DSN from the project's settings in Sentry (Client Keys):",
    code: EXAMPLE,
  });
}

function badOption(error: unknown): Finding {
  const isDsn = isOptionsError(error) && error.option === "dsn";
  const variable = isOptionsError(error) ? error.problem.variable : undefined;
  return finding({
    rule: "D7",
    name: isDsn ? "bad-dsn" : "bad-option",
    severity: "error",
    summary: `An option is invalid: ${error instanceof Error ? error.message : String(error)}.`,
    mechanism: "Creating a client throws this error, so that nothing is traced or reported.",
    fix: `Correct ${variable ?? "the option"}${isDsn ? "; a DSN looks like this:" : "."}`,
    ...(isDsn ? { code: EXAMPLE } : {}),
  });
}

function disabled(env?: Environment): Finding[] {
  if (!pipelineFromEnvironment(env).isDisabled) return [];
  return [
    finding({
      rule: "D7",
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
  const variable = isOff ? "OTEL_TRACES_SAMPLER" : "SENTRY_TRACES_SAMPLE_RATE";
  return [
    finding({
      rule: "D7",
      name: "sampled-out",
      severity: "warning",
      summary: `${variable} is ${isOff ? sampler : 0}: no transactions are sent.`,
      mechanism: "Errors are still sent, but traces only if a caller has sampled them.",
      fix: "Unless that is intended, sample a part of the traces:",
      code: isOff ? `unset ${variable}` : `export ${variable}=0.1`,
    }),
  ];
}

// A value that Relay would refuse is reported as a set-up fault, which becomes a finding here.
function namesToSend(
  settings: Settings,
  { env, resource }: ConfigurationSources,
): Omit<ConfigurationCheck, "settings"> {
  const findings: Finding[] = [];
  const diagnostics: Diagnostics = {
    ...createDiagnostics({ warn: () => {}, debug: () => {} }),
    faultOnce: (kind, message) => findings.push(refusedName(kind, message)),
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
export function refusedName(kind: string, message: string): Finding {
  const name = kind.replace("value:", "");
  return finding({
    rule: "D7",
    name: `refused-${name}`,
    severity: "warning",
    summary: `Sentry would refuse a ${name}: ${message}.`,
    mechanism:
      "Sentry's server deletes such a value and shows an error on every event. This package sends a corrected one instead, which may not be the one that you have created in Sentry.",
    fix: "Give it a valid value, for example:",
    code:
      name === "environment"
        ? "export SENTRY_ENVIRONMENT=staging"
        : "export SENTRY_RELEASE=shop@1.4.2",
  });
}

function factsOf(settings: Settings, given: ClientOptions, env?: Environment): Fact[] {
  const { dsn, tunnel, tracesSampleRate } = settings;
  const source = given.dsn === undefined ? variableOf("dsn") : "given";
  const { http, https } = proxyFromEnvironment(env);
  const proxy = dsn?.startsWith("https") === true ? https : http;
  return [
    { name: "dsn", value: dsn === undefined ? "none" : `${publicDsn(parseDsn(dsn))} (${source})` },
    ...(tunnel === undefined ? [] : [{ name: "tunnel", value: tunnel }]),
    { name: "sample rate", value: String(tracesSampleRate) },
    { name: "proxy", value: proxy === undefined ? "none" : withoutCredentials(proxy) },
  ];
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//");
}
