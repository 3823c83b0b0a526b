import type { Socket } from "node:net";

/** A connection attempt. */
export interface Dialling {
  readonly socket: Promise<Socket>;
  /** Aborts the attempt, and closes the sockets that were opened for it. */
  abort(reason?: Error): void;
}

/** Time limits of a connection, in milliseconds. */
export interface ConnectionTimes {
  readonly connect: number;
  readonly headers: number;
  readonly body: number;
  readonly idle: number;
  readonly age: number;
}

/**
 * The scheme of a server that has not responded yet: an `https` server may still refuse the client certificate or
 * require one, an `http` server may expect TLS. Undefined once the server has responded, or if a proxy may be the one
 * that responds.
 */
export type UntriedScheme = "http" | "https" | undefined;

/** Counts of a connection pool. */
export interface ConnectionCounts {
  /** Connections that were opened since the start. */
  readonly connectionsOpened: number;
  /** Connections that are open now. */
  readonly connectionsOpen: number;
  /** Requests that were sent over a connection that had served an earlier one. */
  readonly requestsOverKeptConnections: number;
  /** Bytes of the request bodies that were sent, after compression. */
  readonly bytesSent: number;
}

/** Counts of a pool that has opened no connections. */
export const NO_COUNTS: ConnectionCounts = {
  connectionsOpened: 0,
  connectionsOpen: 0,
  requestsOverKeptConnections: 0,
  bytesSent: 0,
};
