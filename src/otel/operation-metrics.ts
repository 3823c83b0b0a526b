import type { SentryClient } from "../client/client.js";
import { attachSelfMetrics } from "./self-metrics.js";
import type { SelfMetrics } from "./self-metrics.js";
import { networkErrorCode } from "../delivery/http/send-failures.js";
import type { SendResult } from "../delivery/transport.js";
import { SDK_VERSION } from "../version.js";

/** Tells OpenTelemetry of a client's deliveries, as soon as it has a meter provider. */
export class OperationMetrics {
  #metrics: SelfMetrics | undefined;

  measure(client: SentryClient): void {
    this.#metrics = attachSelfMetrics(client, { version: SDK_VERSION });
  }

  /** Looks for a meter provider that was registered late. */
  check(): void {
    this.#metrics?.check();
  }

  /** The end of one envelope's delivery. */
  record(result: SendResult, millis: number): void {
    this.#metrics?.recordOperation({ millis, ...outcomeOf(result) });
  }

  detach(): void {
    this.#metrics?.detach();
  }
}

function outcomeOf(result: SendResult): {
  readonly errorType: string | undefined;
  readonly statusCode?: number;
} {
  if (result.outcome === "retryable") {
    return { errorType: networkErrorCode(result.error) ?? result.error.name };
  }
  const { outcome, statusCode } = result;
  return { statusCode, errorType: outcome === "delivered" ? undefined : String(statusCode) };
}
