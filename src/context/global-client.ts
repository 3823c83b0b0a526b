import { diag } from "@opentelemetry/api";

import type { SentryClient } from "../client/client.js";
import { createDiagnostics } from "../support/diagnostics.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { memberOf } from "../support/foreign.js";
import { isFaultReported, reportSetupFault } from "../support/setup-faults.js";
import { pipelineFromEnvironment } from "../options/env.js";

// Under `Symbol.for`, so that the ESM and the CommonJS build (or two installed copies) share it.
const SLOT = Symbol.for("otel-sentry-bridge.client.v1");

const NO_CLIENT = "no-client";

const carrier: typeof globalThis & { [SLOT]?: SentryClient | undefined } = globalThis;

/** The process-wide client: the first one that was made, or what `setClient` was given. */
export function getClient(): SentryClient | undefined {
  return carrier[SLOT];
}

/**
 * Makes a client the process-wide one, which the functions of this package use; `undefined` for none. Anything else is a
 * diagnostic and changes nothing.
 */
export function setClient(client: SentryClient | undefined): void {
  if (client === undefined || isClient(client)) carrier[SLOT] = client;
  else
    doorDiagnostics().warnOnce(
      "door:setClient",
      "`setClient` needs a client of `createClient`, or undefined: the process-wide client stays. Correct the call",
    );
}

// Functions may be called before there is a client.
const withoutClient = createDiagnostics(diag);

/** The diagnostics of the process-wide client; without one, those of the process. */
export function doorDiagnostics(): Diagnostics {
  const diagnostics: unknown = memberOf(getClient(), "diagnostics");
  return typeof memberOf(diagnostics, "warnOnce") === "function"
    ? (diagnostics as Diagnostics)
    : withoutClient;
}

/** Tells a client by what it can do: one of the package's other build is of another class. Never throws. */
export function isClient(value: unknown): value is SentryClient {
  return typeof memberOf(value, "captureTransaction") === "function";
}

/**
 * The process-wide client, for a function that loses what it is given where there is none: a fault in the set-up, unless
 * `OTEL_SDK_DISABLED` asks for it.
 */
export function clientFor(caller: string): SentryClient | undefined {
  const client = getClient();
  if (client === undefined) reportNoClient(caller);
  return client;
}

function reportNoClient(caller: string): void {
  if (isFaultReported(NO_CLIENT) || pipelineFromEnvironment().isDisabled) return;
  reportSetupFault(
    NO_CLIENT,
    `\`${caller}\` was called while there is no client, so what it was given is lost. Create a SentrySpanProcessor, or call createClient(), earlier`,
  );
}
