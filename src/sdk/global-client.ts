import type { SentryClient } from "../client/client.js";

// Under `Symbol.for`, so that the ESM and the CommonJS build (or two installed copies) share it.
const SLOT = Symbol.for("otel-sentry-bridge.client.v1");

const carrier: typeof globalThis & { [SLOT]?: SentryClient | undefined } = globalThis;

/** The process-wide client: the first one that was made, or what `setClient` was given. */
export function getClient(): SentryClient | undefined {
  return carrier[SLOT];
}

/** Makes a client the process-wide one, which the functions of this package use; `undefined` for none. */
export function setClient(client: SentryClient | undefined): void {
  carrier[SLOT] = client;
}
