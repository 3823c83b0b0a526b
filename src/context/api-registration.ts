import { context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import type { Diagnostics } from "../support/diagnostics.js";
import { isUnbundled, requireFinding } from "../support/own-file.js";

// The property of `globalThis` in which every copy of `@opentelemetry/api` 1.x stores its registrations. It is only
// read, because the API itself cannot tell "nothing is registered" from "registered by a copy that this one does not
// accept".
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

interface ApiRegistry {
  readonly version?: string;
  readonly trace?: unknown;
  readonly context?: unknown;
  readonly propagation?: unknown;
}

/** An OpenTelemetry API that is registered once per process. */
export type GlobalApi = "context" | "propagation" | "trace";

/** Tells whether any copy of `@opentelemetry/api` has registered this API. */
export function isRegistered(api: GlobalApi): boolean {
  return registry()?.[api] !== undefined;
}

/** Returns the version of the `@opentelemetry/api` copy that registered first; other versions cannot register anything. */
export function registeredVersion(): string {
  return registry()?.version ?? "of an unknown version";
}

/** Tells whether the API is one for the SDK 2: 1.9 or earlier. */
export function hasOlderApi(): boolean {
  return /^1\.\d\./.test(registry()?.version ?? ownApiVersion() ?? "");
}

/**
 * Tells whether a copy of `@opentelemetry/api` of another version than the one that this package uses has registered anything, even
 * only a logger: this one can then register nothing. False if the own version cannot be read.
 */
export function hasForeignRegistration(): boolean {
  const first = registry()?.version;
  const own = first === undefined ? undefined : ownApiVersion();
  return own !== undefined && own !== first;
}

/**
 * Returns the version of the `@opentelemetry/api` copy that this package uses; undefined if it cannot be read, as in a
 * bundle. The API itself does not export its version.
 */
function ownApiVersion(): string | undefined {
  try {
    const require = isUnbundled() ? requireFinding("@opentelemetry/api") : undefined;
    if (require === undefined) return undefined;
    // `build/src/version.js` of API 1.9, `dist/version.cjs` from 1.10 on.
    const entry = require.resolve("@opentelemetry/api");
    const { VERSION } = require(entry.replace(/index(?=\.c?js$)/, "version"));
    return typeof VERSION === "string" ? VERSION : undefined;
  } catch {
    return undefined;
  }
}

function registry(): ApiRegistry | undefined {
  return (globalThis as { [REGISTRY]?: ApiRegistry })[REGISTRY];
}

const PROBE = createContextKey("otel-sentry-bridge.probe");

/** Diagnostic kind of the fault "several copies of `@opentelemetry/api` are loaded". */
export const API_COPIES = "api-copies";

/** Diagnostic kind of the fault "no context manager is registered". */
export const NO_CONTEXT_MANAGER = "context-manager";

// Clients that were checked. Remembered, because the check takes 0.2 ms and every scope setter of every request calls
// it.
const checked = new WeakSet<Diagnostics>();

/**
 * Logs a diagnostic, once per client, if no context can become active, and names the cause. Call it when the first span
 * has started, because a context manager may be registered after a processor was created.
 */
export function checkContexts(diagnostics: Diagnostics): void {
  if (checked.has(diagnostics) || hasWorkingContextManager()) return;
  checked.add(diagnostics);
  if (isRegistered("context") || hasForeignRegistration())
    diagnostics.faultOnce(API_COPIES, copiesMessage());
  else diagnostics.faultOnce(NO_CONTEXT_MANAGER, MISSING);
}

/** Tells whether a context manager is registered and works. Without one, no context and no scope can become active. */
export function hasWorkingContextManager(): boolean {
  const probe = ROOT_CONTEXT.setValue(PROBE, true);
  return context.with(probe, () => context.active().getValue(PROBE) === true);
}

const MISSING =
  "no context manager is registered, so spans have no parents and users and tags cannot follow a request: each span without a parent is isolated by itself. " +
  "Call context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()) before the first span, or use NodeSDK, which does";

/** Builds the message for two loaded copies of `@opentelemetry/api`: which one was registered, where they are, and how to fix it. */
export function copiesMessage(): string {
  const own = ownApiVersion() ?? "a copy of another version";
  const paths = copyPaths();
  const found = paths.length === 0 ? "" : `They are in ${paths.join(" and ")}. `;
  return (
    `two copies of @opentelemetry/api are loaded: ${registeredVersion()} registered OpenTelemetry first, and otel-sentry-bridge uses ${own}, which cannot share it. ` +
    `Spans are not recorded, or users and tags do not follow a request. ${found}Install one version for all packages: see \`npm ls @opentelemetry/api\``
  );
}

const API_DIRECTORY = /^.*[\\/]@opentelemetry[\\/]api(?=[\\/])/;

/**
 * Returns the directories of the copies that can be found: this package's own, and those that were loaded as CommonJS. Node has no
 * list of ES modules.
 */
function copyPaths(): readonly string[] {
  try {
    const require = isUnbundled() ? requireFinding("@opentelemetry/api") : undefined;
    if (require === undefined) return [];
    const files = [require.resolve("@opentelemetry/api"), ...Object.keys(require.cache)];
    return [...new Set(files.flatMap((file) => API_DIRECTORY.exec(file)?.[0] ?? []))];
  } catch {
    return [];
  }
}
