import type { Client } from "undici";

import { requireFinding } from "../../support/own-file.js";
import type { ProtocolClient, ProtocolClientEvents } from "./connection-types.js";

// undici's main module would install itself as the global dispatcher of `fetch`, and takes three times as long to load.
const CLIENT = "undici/lib/dispatcher/client.js";

/**
 * Tells whether `require` can resolve the HTTP client. In most bundles it cannot, because the bundle contains the
 * client; there, only loading it shows whether it works. Takes 1 ms the first time, then 0.1 ms.
 */
export function isHttpClientInstalled(): boolean {
  return requireFinding(CLIENT) !== undefined;
}

/**
 * Loads undici's `Client`. Node caches a failed `import()`, even if the process only lacked file descriptors or memory,
 * and bundlers may break it; so a failed import is retried with `require`. Rejects with the error of `import()` if the
 * client is not installed.
 */
export async function loadHttpClient(): Promise<typeof Client> {
  try {
    // A literal, so that bundlers find the dependency.
    const { default: UndiciClient } = await import("undici/lib/dispatcher/client.js");
    return UndiciClient;
  } catch (error) {
    const require = requireFinding(CLIENT);
    if (require === undefined) throw error;
    return require(CLIENT);
  }
}

/** Settings of one connection. */
interface UndiciSettings {
  readonly origin: string;
  readonly idleMillis: number;
  readonly events: ProtocolClientEvents;
}

/** Creates the HTTP/1.1 client of one connection. */
export function openUndici(
  UndiciClient: typeof Client,
  { origin, idleMillis, events }: UndiciSettings,
): ProtocolClient {
  const client = new UndiciClient(origin, {
    pipelining: 1,
    // The pool enforces deadlines instead of undici, whose time-outs restart with each chunk of a body, are up to a
    // second late, and close a connection without reporting how far the request had got.
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
