import type * as contextAsyncHooks from "@opentelemetry/context-async-hooks";
import type * as exporterTraceOtlpHttp from "@opentelemetry/exporter-trace-otlp-http";
import type * as resources from "@opentelemetry/resources";
import type * as sdkTrace from "@opentelemetry/sdk-trace";
import type * as sdkTraceBase from "@opentelemetry/sdk-trace-base";
import type { TracerProvider } from "@opentelemetry/api";
import { context, propagation, trace } from "@opentelemetry/api";
import type {
  BatchSpanProcessor,
  SpanProcessor,
  TracerProviderOptions,
} from "@opentelemetry/sdk-trace";

import {
  API_COPIES,
  NO_CONTEXT_MANAGER,
  copiesMessage,
  isRegistered,
} from "../context/api-registration.js";
import { requireFrom } from "../support/own-file.js";
import { reportSetupFault } from "../support/setup-faults.js";
import { SentryPropagator } from "./otel-classes.js";

/** The OTel tracing SDK that the application has installed. */
export interface TraceSdk {
  /** Creates a tracer provider. `serviceName` takes precedence over the environment. */
  newProvider(processors: SpanProcessor[], serviceName?: string): TracerProvider;
  /** Creates a batch processor that exports to `OTEL_EXPORTER_OTLP_*`; undefined if the OTLP exporter is not installed. */
  newOtlpProcessor(): SpanProcessor | undefined;
}

/** Finds the installed SDK: 2.x (`sdk-trace-base`), else 3.x (`sdk-trace`); undefined if neither is installed. */
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

// The provider itself does not read OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES; the resources package does.
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

/** Registers the global tracer provider. */
export function registerProvider(provider: TracerProvider): void {
  if (!trace.setGlobalTracerProvider(provider)) reportRefusal();
}

/** Registers a context manager, unless there is one. Without it spans have no parents and scopes do not follow a request. */
export function registerContextManager(): void {
  if (isRegistered("context")) return;
  const hooks = loadPeer("@opentelemetry/context-async-hooks");
  if (hooks === undefined) {
    reportSetupFault(
      NO_CONTEXT_MANAGER,
      "`@opentelemetry/context-async-hooks` is not installed, so there is no context manager: each span starts a new trace, and users and tags do not follow a request. Install it beside the tracing SDK",
    );
    return;
  }
  const manager = new hooks.AsyncLocalStorageContextManager().enable();
  if (!context.setGlobalContextManager(manager)) reportRefusal();
}

/** Registers a `SentryPropagator`, unless another propagator is registered. */
export function registerPropagator(): void {
  if (isRegistered("propagation")) return;
  if (!propagation.setGlobalPropagator(new SentryPropagator())) reportRefusal();
}

function reportRefusal(): void {
  reportSetupFault(API_COPIES, copiesMessage());
}

/** Optional OTel packages that `register` uses if they are installed. */
interface OptionalPeers {
  "@opentelemetry/context-async-hooks": typeof contextAsyncHooks;
  "@opentelemetry/exporter-trace-otlp-http": typeof exporterTraceOtlpHttp;
  "@opentelemetry/resources": typeof resources;
  "@opentelemetry/sdk-trace": typeof sdkTrace;
  "@opentelemetry/sdk-trace-base": typeof sdkTraceBase;
}

/** Name of an optional OTel package. */
type PeerName = keyof OptionalPeers;

/**
 * Loads an optional package as installed by the application; undefined if it is not installed. Throws what the package
 * throws while it loads.
 *
 * Loads synchronously: the application's first module runs right after `register`, and its spans need a provider.
 * Neither `import.meta` nor `__filename` compiles for both module formats, so the package is resolved from where Node
 * resolves `--import` and `--require`: from the working directory, then from the main script.
 *
 * `dependent` resolves from that package instead, for its dependencies that the application may not have.
 */
export function loadPeer<Name extends PeerName>(
  name: Name,
  dependent?: PeerName,
): OptionalPeers[Name] | undefined {
  const dependentPath =
    dependent === undefined ? undefined : resolvePeer(dependent, applicationPaths());
  const path = resolvePeer(
    name,
    dependentPath === undefined ? applicationPaths() : [dependentPath],
  );
  return path === undefined ? undefined : requireFrom(path)(path);
}

function applicationPaths(): readonly string[] {
  const script = process.argv[1];
  // The slash marks a directory for `createRequire`.
  return script === undefined ? [`${process.cwd()}/`] : [`${process.cwd()}/`, script];
}

function resolvePeer(name: PeerName, origins: readonly string[]): string | undefined {
  for (const origin of origins) {
    try {
      return requireFrom(origin).resolve(name);
    } catch {
      // The package is not installed there.
    }
  }
  return undefined;
}
