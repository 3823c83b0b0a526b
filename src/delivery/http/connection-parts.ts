import type { Socket } from "node:net";

import type { Exchange, PostRequest } from "./exchange.js";

/** A connection attempt. */
export interface Dialling {
  readonly socket: Promise<Socket>;
  /** Gives up, and closes the sockets that exist by now. */
  abort(reason: Error): void;
}

/** The part of undici's client that is used here: HTTP over one connection. */
export interface ProtocolClient {
  dispatch(request: PostRequest, handler: Exchange): boolean;
  destroy(reason: Error): Promise<void>;
}

/** Callback with a socket, or with the reason why there is none. */
export type SocketCallback = (error: Error | null, socket?: Socket) => void;

/** Events of a client. */
export interface ProtocolClientEvents {
  /** The client needs a socket. */
  connect(done: SocketCallback): void;
  /** The client's socket was closed, or could not be opened. */
  gone(error: Error): void;
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
 * The scheme of a server that has not answered anything yet: over `https` it may refuse our certificate or the lack of
 * one, over `http` it may expect TLS. Undefined once it has answered, or if a proxy may be the one that answers.
 */
export type UntriedScheme = "http" | "https" | undefined;

/** Counts of a connection pool. */
export interface ConnectionCounts {
  /** Connections made, since the start. */
  readonly connectionsOpened: number;
  /** Connections that are open now. */
  readonly connectionsOpen: number;
  /** Requests that were written to a connection that had served one before. */
  readonly requestsOverKeptConnections: number;
  /** Bytes of the bodies that were written, after compression. */
  readonly bytesSent: number;
}

/** Counts of a pool without connections. */
export const NO_COUNTS: ConnectionCounts = {
  connectionsOpened: 0,
  connectionsOpen: 0,
  requestsOverKeptConnections: 0,
  bytesSent: 0,
};
