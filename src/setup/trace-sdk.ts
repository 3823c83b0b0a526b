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
  /** `serviceName` wins over the environment. */
  newProvider(processors: SpanProcessor[], serviceName?: string): TracerProvider;
  /** A processor that sends to `OTEL_EXPORTER_OTLP_*`; `undefined` where the exporter is not installed. */
  newOtlpProcessor(): SpanProcessor | undefined;
}

/** The SDK 2.x (`sdk-trace-base`) or 3.x (`sdk-trace`), whichever is installed; `undefined` for none. */
export function installedTraceSdk(): TraceSdk | undefined {
  const base = loadPeer("@opentelemetry/sdk-trace-base");
  if (base !== undefined) {
    return {
      newProvider: (spanProcessors, serviceName) => {
        const resource = resourceBeside("@opentelemetry/sdk-trace-base", serviceName);
        return new base.BasicTracerProvider({ spanProcessors, ...resource });
      },
      newOtlpProcessor: () => otlpProcessor((exporter) => new base.BatchSpanProcessor(exporter)),
    };
  }
  const sdk = loadPeer("@opentelemetry/sdk-trace");
  if (sdk === undefined) return undefined;
  return {
    newProvider: (spanProcessors, serviceName) => {
      const resource = resourceBeside("@opentelemetry/sdk-trace", serviceName);
      return new sdk.TracerProvider({ spanProcessors, ...resource });
    },
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
function resourceBeside(
  sdk: PeerName,
  serviceName: string | undefined,
): Pick<TracerProviderOptions, "resource"> {
  const resources = loadPeer("@opentelemetry/resources", sdk);
  if (resources === undefined) return {};
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources;
  const detected = defaultResource().merge(detectResources({ detectors: [envDetector] }));
  const own = serviceName === undefined ? {} : { "service.name": serviceName };
  return { resource: detected.merge(resourceFromAttributes(own)) };
}
