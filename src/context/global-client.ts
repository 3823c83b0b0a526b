import { diag } from "@opentelemetry/api";
import type { ClientCore } from "../client/client-core.js";
import type { Client } from "../client/public-client.js";
import type { ClientStats } from "../client/stats.js";
import { pipelineFromEnvironment } from "../options/env.js";
import { createDiagnostics } from "../support/diagnostics.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { propertyOf } from "../support/foreign.js";
import { atCallSite } from "../support/call-site.js";
import { isFaultReported, reportSetupFault } from "../support/setup-faults.js";

// Stored under `Symbol.for`, so that the ESM and the CommonJS build (or two installed copies) share it.
const SLOT = Symbol.for("otel-sentry-bridge.client.v1");

const carrier: typeof globalThis & { [SLOT]?: RegisteredClient | undefined } = globalThis;

/**
 * The members of the application's client that this folder uses. `setup` creates the client; errors, crons and logs
 * each declare an interface for the part of it that they need.
 */
export interface RegisteredClient extends Client {
  readonly core: ClientCore;
}

/** Returns the process-wide client: the first one that was created, or the one passed to `setClient`. */
export function getClient(): RegisteredClient | undefined {
  return carrier[SLOT];
}

/**
 * Sets the process-wide client, which the functions of this package use; `undefined` removes it. Any other value is
 * ignored and logs a diagnostic.
 */
export function setClient(client: Client | undefined): void {
  if (client === undefined || isClient(client)) carrier[SLOT] = client;
  else
    currentDiagnostics().warnOnce(
      "argument:setClient",
      "`setClient` was called with a value that is not a client; the process-wide client is unchanged. Pass the result of createClient(), or undefined",
    );
}

// Diagnostics for public functions that are called before a client exists.
const withoutClient = createDiagnostics(diag);

/** Returns the diagnostics of the process-wide client, or diagnostics that log to `diag` if there is no client. */
export function currentDiagnostics(): Diagnostics {
  const diagnostics: unknown = propertyOf(propertyOf(getClient(), "core"), "diagnostics");
  return typeof propertyOf(diagnostics, "warnOnce") === "function"
    ? (diagnostics as Diagnostics)
    : withoutClient;
}

/**
 * Tells whether a value is a client, by its methods: a client of another copy of the package has another class. Never
 * throws.
 */
export function isClient(value: unknown): value is RegisteredClient {
  return typeof propertyOf(propertyOf(value, "core"), "captureTransaction") === "function";
}

/**
 * Returns the process-wide client for a public function that discards its input without one, if it has the part that the
 * function needs. A missing client is reported as a set-up fault, unless `OTEL_SDK_DISABLED` is set.
 */
export function clientFor<T extends RegisteredClient>(
  caller: string,
  part: keyof T & string,
): T | undefined {
  const client = getClient();
  if (client !== undefined && part in client) return client as T;
  reportNoClient(caller);
  return undefined;
}

function reportNoClient(caller: string): void {
  const kind = `no-client:${caller}`;
  if (isFaultReported(kind) || pipelineFromEnvironment().isDisabled) return;
  reportSetupFault(
    kind,
    `\`${caller}\` was called${atCallSite()} when there was no client, so its input was dropped. Load the set-up before this call, such as with \`node --import ./instrumentation.mjs\``,
  );
}

/**
 * Sends everything that was captured before the call. Resolves to true once each item was sent or discarded, to false
 * after `timeoutMillis` (default: the option `shutdownTimeoutMillis`). Never rejects.
 */
export function flush(timeoutMillis?: number): Promise<boolean> {
  return getClient()?.flush(timeoutMillis) ?? Promise.resolve(true);
}

/** Tells whether there is a process-wide client that is not closed. */
export function isInitialized(): boolean {
  return getClient()?.isClosed === false;
}

/** Flushes and closes the process-wide client, with the default time-out of its `close`. Idempotent; never rejects. */
export function close(timeoutMillis?: number): Promise<boolean> {
  return getClient()?.close(timeoutMillis) ?? Promise.resolve(true);
}

/** Returns the counts of the process-wide client; undefined without a client. */
export function stats(): ClientStats | undefined {
  return getClient()?.stats();
}
