import type { ClientCore } from "../client/client-core.js";
import type { ClientStats } from "../client/stats.js";
import { isClient } from "../context/global-client.js";
import { startDetachedTimer } from "../context/suppress-tracing.js";
import { OpenRuns } from "../crons/open-runs.js";
import type { CronClient } from "../crons/open-runs.js";
import { ErrorReports } from "../errors/error-reports.js";
import type { ErrorClient } from "../errors/error-reports.js";
import { LogCapture } from "../logs/log-capture.js";
import type { LogClient } from "../logs/log-capture.js";
import { MetricCapture } from "../logs/metric-capture.js";
import type { MetricClient } from "../logs/metric-capture.js";
import { propagationPolicy } from "../otel/propagation-policy.js";
import type { PropagatingClient, PropagationPolicy } from "../otel/propagation-policy.js";
import type { SelfMeasuringClient, OperationMetrics } from "../otel/self-metrics.js";
import { attempt } from "../support/foreign.js";
import { RegistrationCheck } from "./registration-check.js";

/**
 * The client that an application holds: the core, together with everything else that exists once per client. Each
 * folder receives it as the interface that declares the folder's own part.
 */
export class BridgeClient
  implements
    ErrorClient,
    CronClient,
    LogClient,
    MetricClient,
    PropagatingClient,
    SelfMeasuringClient
{
  readonly core: ClientCore;
  readonly errors: ErrorReports;
  readonly runs: OpenRuns;
  readonly logs: LogCapture;
  readonly metrics: MetricCapture;
  readonly policy: PropagationPolicy;
  readonly operations: OperationMetrics;
  readonly registrations: RegistrationCheck;

  constructor(core: ClientCore, operations: OperationMetrics) {
    this.operations = operations;
    this.core = core;
    this.errors = new ErrorReports(core);
    this.runs = new OpenRuns(core);
    this.logs = new LogCapture(core, startDetachedTimer);
    this.metrics = new MetricCapture(core, startDetachedTimer);
    this.policy = propagationPolicy(core.settings);
    this.registrations = new RegistrationCheck(core);
  }

  get dsn(): string | undefined {
    return this.core.dsn;
  }

  get isClosed(): boolean {
    return this.core.isClosed;
  }

  flush(timeoutMillis?: number): Promise<boolean> {
    return this.core.flush(timeoutMillis);
  }

  close(timeoutMillis?: number): Promise<boolean> {
    return this.core.close(timeoutMillis);
  }

  stats(): ClientStats {
    return this.core.stats();
  }
}

/** Tells whether a value is a client with all parts, including one of another copy of the package. Never throws. */
export function isBridgeClient(value: unknown): value is BridgeClient {
  // A proxy's trap `has` may throw.
  return isClient(value) && attempt(() => PARTS.every((part) => part in value), false);
}

const PARTS: readonly (keyof BridgeClient)[] = [
  "errors",
  "runs",
  "logs",
  "metrics",
  "policy",
  "operations",
  "registrations",
];
