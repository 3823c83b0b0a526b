import { createServer } from "node:http";
import type { Server } from "node:http";

/** Default size limit of an envelope in bytes: more than two attachments of the largest size that the client sends. */
export const MAX_ENVELOPE_BYTES: number = 50 * 1_048_576;

const MAX_HEADER_BYTES = 16_384;
const MAX_CONNECTIONS = 1000;
const CHECK_MILLIS = 1000;

/** Time-outs of a server. */
interface HttpTimes {
  /** Milliseconds after which an idle connection is closed; default 5000. */
  readonly keepAliveMillis?: number | undefined;
  /** Milliseconds that a client may take to send a request; default 30,000. */
  readonly requestTimeoutMillis?: number | undefined;
}

/**
 * Creates an HTTP server with limits for connections (1000), headers (16 KiB) and the duration of a request, after
 * which the server answers 408. The server does not listen yet.
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

/** Makes a server listen on the loopback interface; port 0 picks a free port. Resolves to the port, rejects if it cannot listen. */
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
