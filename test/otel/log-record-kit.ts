import type { Logger } from "@opentelemetry/api-logs";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { onTestFinished } from "vitest";

import type { ClientOptions } from "../../src/index.js";
import { ClientLogRecordProcessor } from "../../src/otel/log-record-processor.js";
import type { ReportLoggedException } from "../../src/errors/logged-exceptions.js";
import { startTelemetry } from "../logs/telemetry-kit.js";
import type { TelemetryBench } from "../logs/telemetry-kit.js";

/** An OTel logger whose records go to a client, and all that it sends. */
export interface LogBench extends TelemetryBench {
  readonly processor: ClientLogRecordProcessor;
  readonly provider: LoggerProvider;
  readonly logger: Logger;
}

/** Starts a logging pipeline with a client of its own. */
export function startLogs(
  options: ClientOptions = {},
  onException?: ReportLoggedException,
): LogBench {
  const bench = startTelemetry(options);
  const processor = new ClientLogRecordProcessor(bench.client, false, onException);
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({
      "service.version": "shop@3",
      "deployment.environment.name": "staging",
      "host.name": "web-2",
      "k8s.pod.name": "pod-1",
    }),
    processors: [processor],
  });
  onTestFinished(() => provider.shutdown());
  return { ...bench, processor, provider, logger: provider.getLogger("shop", "1.2.3") };
}
