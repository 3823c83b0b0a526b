import type { Environment } from "../options/env.js";
import { checkConfiguration } from "./configuration-check.js";
import { NOTHING } from "./finding.js";
import type { DoctorReport } from "./finding.js";
import { checkPackages } from "./package-checks.js";
import { newReport } from "./report.js";
import { checkServer } from "./server-check.js";

/** Scope of an examination by `otel-sentry-bridge doctor`. */
interface EnvironmentRequest {
  /** The application's directory. */
  readonly directory: string;
  /** Default: that of the process. */
  readonly env?: Environment | undefined;
  /** Takes the place of SENTRY_DSN. */
  readonly dsn?: string | undefined;
}

/**
 * Examines the environment of an application that does not run: configuration, installed packages, and the server, to
 * which one test transaction is sent. Never rejects.
 */
export async function examineEnvironment(request: EnvironmentRequest): Promise<DoctorReport> {
  const { directory, env, dsn } = request;
  const configuration = checkConfiguration(dsn === undefined ? {} : { dsn }, { env });
  const packages = checkPackages(directory);
  const { settings } = configuration;
  const server = settings === undefined ? NOTHING : await checkServer(settings);
  return newReport({
    mode: "off",
    command: directory,
    facts: [...configuration.facts, ...packages.facts, ...server.facts],
    findings: [...configuration.findings, ...packages.findings, ...server.findings],
  });
}
