import { createServer } from "node:http";
import type { Server } from "node:http";

/** Bytes of an envelope by default: more than two attachments of the largest size that the client sends. */
export const MAX_ENVELOPE_BYTES: number = 50 * 1_048_576;

const MAX_HEADER_BYTES = 16_384;
const MAX_CONNECTIONS = 1000;
const CHECK_MILLIS = 1000;

/** Times of a server. */
export interface HttpTimes {
  /** After how long an idle connection is closed; default 5000. */
  readonly keepAliveMillis?: number | undefined;
  /** How long a client may take to send a request; default 30,000. */
  readonly requestTimeoutMillis?: number | undefined;
}

/**
 * An HTTP server of bounded connections (1000), headers (16 KiB) and time for a request: a client that takes longer is
 * answered 408. It does not listen yet.
 */
export function createBoundedServer({
  keepAliveMillis = 5000,
  requestTimeoutMillis = 30_000,
}: HttpTimes): Server {
  const http = createServer({
    keepAliveTimeout: keepAliveMillis,
    headersTimeout: requestTimeoutMillis,
    requestTimeout: requestTimeoutMillis,
    connectionsCheckingInterval: Math.min(CHECK_MILLIS, requestTimeoutMillis),
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  http.maxConnections = MAX_CONNECTIONS;
  return http;
}

/** Has a server listen on the loopback address; 0 chooses a port. Resolves to its port, rejects where it cannot listen. */
export function listen(http: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, "127.0.0.1", () => {
      const address = http.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new Error("the server has no port"));
    });
  });
}
