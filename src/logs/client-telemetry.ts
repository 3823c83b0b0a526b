import type { SentryClient } from "../client/client.js";
import type { SetTimer } from "../support/time.js";
import { LogCapture } from "./log-capture.js";
import { MetricCapture } from "./metric-capture.js";

/** What takes the logs and metrics of one client. */
export interface ClientTelemetry {
  readonly logs: LogCapture;
  readonly metrics: MetricCapture;
}

const telemetries = new WeakMap<SentryClient, ClientTelemetry>();

/** The one that takes a client's logs and metrics; the first call says how it waits. */
export function clientTelemetry(client: SentryClient, setTimer: SetTimer): ClientTelemetry {
  const known = telemetries.get(client);
  if (known !== undefined) return known;
  const telemetry: ClientTelemetry = {
    logs: new LogCapture(client, setTimer),
    metrics: new MetricCapture(client, setTimer),
  };
  telemetries.set(client, telemetry);
  return telemetry;
}
