import { onTestFinished } from "vitest";

import type { BridgeClient } from "../../src/setup/bridge-client.js";
import { setClient } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { createClient } from "../../src/setup/create-client.js";
import type {
  MemoryTransport,
  MemoryTransportOptions,
} from "../../src/testing/memory-transport.js";
import { assertSettled, createMemoryTransport } from "../../src/testing/testing.js";
import { SDK_NAME, SDK_VERSION } from "../../src/version.js";
import { DSN } from "../client/bridge.js";
import { logsOf, metricsOf } from "./telemetry-rules.js";
import type { SentLog, SentMetric } from "./telemetry-rules.js";

/** Options that say which process this is. */
export const PROCESS = { environment: "test", release: "shop@2", serverName: "web-1" };

/** The attributes that each log and metric of that process has. */
export const PROCESS_ATTRIBUTES = {
  "sentry.environment": "test",
  "sentry.release": "shop@2",
  "sentry.sdk.name": SDK_NAME,
  "sentry.sdk.version": SDK_VERSION,
  "server.address": "web-1",
};

/** A process-wide client, and what it sends. */
export interface TelemetryBench {
  readonly client: BridgeClient;
  readonly transport: MemoryTransport;
  /** Flushes; all logs so far, held against the protocol. */
  readonly logs: () => Promise<SentLog[]>;
  /** The same for metrics. */
  readonly metrics: () => Promise<SentMetric[]>;
}

/** Starts a client; when the test has finished, everything must be accounted for. */
export function startTelemetry(
  options: ClientOptions = {},
  respond?: MemoryTransportOptions["respond"],
): TelemetryBench {
  setClient(undefined);
  const transport = createMemoryTransport(respond === undefined ? {} : { respond });
  const client = createClient({ dsn: DSN, transport, ...options });
  setClient(client);
  onTestFinished(async () => {
    await client.close();
    setClient(undefined);
    if (transport.faults.length > 0) throw new Error(transport.faults.join("; "));
    assertSettled(client);
    logsOf(transport.envelopes);
    metricsOf(transport.envelopes);
  });
  return {
    client,
    transport,
    logs: async () => {
      await client.flush();
      return logsOf(transport.envelopes);
    },
    metrics: async () => {
      await client.flush();
      return metricsOf(transport.envelopes);
    },
  };
}
