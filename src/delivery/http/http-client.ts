import type { Client } from "undici";

import { requireFinding } from "../../support/own-file.js";
import type { ProtocolClient, ProtocolClientEvents } from "./connection-parts.js";

// The package's main module would make itself the dispatcher of the process's `fetch`, and it takes
// three times as long to load.
const CLIENT = "undici/lib/dispatcher/client.js";

/**
 * Tells whether the HTTP client is installed where it can be required. It is not in most bundles, which contain it, or
 * should: only loading it tells whether it works there. Takes 0.1 ms, the first time 1 ms.
 */
export function isHttpClientInstalled(): boolean {
  return requireFinding(CLIENT) !== undefined;
}

/**
 * Loads undici's `Client`. An `import()` that has failed stays failed in Node's loader, also where the process was only
 * short of descriptors or memory, and bundlers may break it; `require` tries again. Rejects with the error of `import()`
 * where the client is not installed.
 */
export async function loadHttpClient(): Promise<typeof Client> {
  try {
    // Written out, so that bundlers find it.
    const { default: UndiciClient } = await import("undici/lib/dispatcher/client.js");
    return UndiciClient;
  } catch (error) {
    const require = requireFinding(CLIENT);
    if (require === undefined) throw error;
    return require(CLIENT);
  }
}

/** How a connection is opened. */
interface UndiciSettings {
  readonly origin: string;
  readonly idleMillis: number;
  readonly events: ProtocolClientEvents;
}

/** Opens the HTTP/1.1 client of one connection. */
export function openUndici(
  UndiciClient: typeof Client,
  { origin, idleMillis, events }: UndiciSettings,
): ProtocolClient {
  const client = new UndiciClient(origin, {
    pipelining: 1,
    // Deadlines are the pool's. undici's start anew with each piece of a body, are up to a second
    // late, and end a connection without telling what had become of it.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleMillis,
    keepAliveMaxTimeout: idleMillis,
    keepAliveTimeoutThreshold: 1000,
    connect: (_options, done) =>
      events.connect((error, socket) =>
        socket === undefined ? done(error ?? new Error("no socket"), null) : done(null, socket),
      ),
  });
  client.on("disconnect", (_origin, _targets, error) => events.gone(error));
  client.on("connectionError", (_origin, _targets, error) => events.gone(error));
  return client;
}
