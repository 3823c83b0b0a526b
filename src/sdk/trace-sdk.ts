import type { TracerProvider } from "@opentelemetry/api";
import type {
  BatchSpanProcessor,
  SpanProcessor,
  TracerProviderOptions,
} from "@opentelemetry/sdk-trace";

import { loadPeer } from "./load-peer.js";
import type { PeerName } from "./load-peer.js";

/** The tracing SDK that the application has installed. */
export interface TraceSdk {
  newProvider(processors: SpanProcessor[]): TracerProvider;
  /** A processor that sends to `OTEL_EXPORTER_OTLP_*`; `undefined` where the exporter is not installed. */
  newOtlpProcessor(): SpanProcessor | undefined;
}

/** The SDK 2.x (`sdk-trace-base`) or 3.x (`sdk-trace`), whichever is installed; `undefined` for none. */
export function installedTraceSdk(): TraceSdk | undefined {
  const base = loadPeer("@opentelemetry/sdk-trace-base");
  if (base !== undefined) {
    return {
      newProvider: (processors) =>
        new base.BasicTracerProvider(providerOptions("@opentelemetry/sdk-trace-base", processors)),
      newOtlpProcessor: () => otlpProcessor((exporter) => new base.BatchSpanProcessor(exporter)),
    };
  }
  const sdk = loadPeer("@opentelemetry/sdk-trace");
  if (sdk === undefined) return undefined;
  return {
    newProvider: (processors) =>
      new sdk.TracerProvider(providerOptions("@opentelemetry/sdk-trace", processors)),
    newOtlpProcessor: () => otlpProcessor((exporter) => new sdk.BatchSpanProcessor({ exporter })),
  };
}

type SpanExporter = ConstructorParameters<typeof BatchSpanProcessor>[0]["exporter"];

function otlpProcessor(
  newProcessor: (exporter: SpanExporter) => SpanProcessor,
): SpanProcessor | undefined {
  const otlp = loadPeer("@opentelemetry/exporter-trace-otlp-http");
  return otlp === undefined ? undefined : newProcessor(new otlp.OTLPTraceExporter());
}

// The SDK by itself does not read OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES: its own resources do.
function providerOptions(sdk: PeerName, spanProcessors: SpanProcessor[]): TracerProviderOptions {
  const resources = loadPeer("@opentelemetry/resources", sdk);
  if (resources === undefined) return { spanProcessors };
  const { defaultResource, detectResources, envDetector } = resources;
  return {
    spanProcessors,
    resource: defaultResource().merge(detectResources({ detectors: [envDetector] })),
  };
}
