import type { ClientCore } from "../client/client-core.js";
import type { SetTimer } from "../support/time.js";
import { LogCapture } from "./log-capture.js";
import { MetricCapture } from "./metric-capture.js";

/** Log and metric capture of one client. */
interface ClientTelemetry {
  readonly logs: LogCapture;
  readonly metrics: MetricCapture;
}

const telemetries = new WeakMap<ClientCore, ClientTelemetry>();

/** Returns the log and metric capture of a client. The timer of the first call is kept. */
export function clientTelemetry(client: ClientCore, setTimer: SetTimer): ClientTelemetry {
  const known = telemetries.get(client);
  if (known !== undefined) return known;
  const telemetry: ClientTelemetry = {
    logs: new LogCapture(client, setTimer),
    metrics: new MetricCapture(client, setTimer),
  };
  telemetries.set(client, telemetry);
  return telemetry;
}
