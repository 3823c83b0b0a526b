import type * as contextAsyncHooks from "@opentelemetry/context-async-hooks";
import type * as exporterTraceOtlpHttp from "@opentelemetry/exporter-trace-otlp-http";
import type * as resources from "@opentelemetry/resources";
import type * as sdkTrace from "@opentelemetry/sdk-trace";
import type * as sdkTraceBase from "@opentelemetry/sdk-trace-base";

import { requireFrom } from "../support/own-file.js";

/** The optional packages of OpenTelemetry that `register` uses where they are installed. */
interface OptionalPeers {
  "@opentelemetry/context-async-hooks": typeof contextAsyncHooks;
  "@opentelemetry/exporter-trace-otlp-http": typeof exporterTraceOtlpHttp;
  "@opentelemetry/resources": typeof resources;
  "@opentelemetry/sdk-trace": typeof sdkTrace;
  "@opentelemetry/sdk-trace-base": typeof sdkTraceBase;
}

/** Name of an optional package. */
export type PeerName = keyof OptionalPeers;

/**
 * Loads an optional package as the application has it; `undefined` where it is not installed. Throws
 * what the package throws while it loads.
 *
 * At once, not by `import()`: the application's first module runs right after `register`, and its
 * spans would come before their provider. A file cannot name its own place in a way that compiles for
 * ES modules and for CommonJS (`import.meta`, `__filename`), so the look-up starts where Node itself
 * looks for what `--import` and `--require` name: the working directory, and then the main script.
 *
 * `dependent`: starts at that package, for what it depends on and the application may not have.
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
  // The slash tells a directory from a file.
  return script === undefined ? [`${process.cwd()}/`] : [`${process.cwd()}/`, script];
}

function resolvePeer(name: PeerName, origins: readonly string[]): string | undefined {
  for (const origin of origins) {
    try {
      return requireFrom(origin).resolve(name);
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}
