import type { ClientStats } from "../client/stats.js";
import { getClient } from "./global-client.js";

/**
 * Sends everything that was captured before the call. Resolves to true when all of it has an outcome,
 * to false after `timeoutMillis` (default: the client's `shutdownTimeoutMillis`). Never rejects.
 */
export function flush(timeoutMillis?: number): Promise<boolean> {
  return getClient()?.flush(timeoutMillis) ?? Promise.resolve(true);
}

/** Tells whether there is a process-wide client that is not closed. */
export function isInitialized(): boolean {
  return getClient()?.isClosed === false;
}

/** Flushes and closes the process-wide client. Idempotent; never rejects. */
export function close(timeoutMillis?: number): Promise<boolean> {
  return getClient()?.close(timeoutMillis) ?? Promise.resolve(true);
}

/** What the process-wide client was given and what became of it; `undefined` without a client. */
export function stats(): ClientStats | undefined {
  return getClient()?.stats();
}
