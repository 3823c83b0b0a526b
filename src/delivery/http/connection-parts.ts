import type { Socket } from "node:net";

import type { Exchange, PostRequest } from "./exchange.js";

/** A connection that is being made. */
export interface Dialling {
  readonly socket: Promise<Socket>;
  /** Gives up, or closes what there is of it by now. */
  abort(reason: Error): void;
}

/** The part of undici's client that is used here: the protocol over one connection. */
export interface ProtocolClient {
  dispatch(request: PostRequest, handler: Exchange): boolean;
  destroy(reason: Error): Promise<void>;
}

/** Is given a socket, or why there is none. */
export type SocketCallback = (error: Error | null, socket?: Socket) => void;

/** Calls of a client to its connection. */
export interface ProtocolClientEvents {
  /** Wants a socket. */
  connect(done: SocketCallback): void;
  /** Its socket is gone, or there is none. */
  gone(error: Error): void;
}

/**
 * The scheme of a server that has not answered anything yet: over `https` it may refuse our certificate or the lack of one,
 * over `http` it may expect TLS. Undefined once it has answered, and where nothing can be told.
 */
export type UntriedScheme = "http" | "https" | undefined;

/** How long a connection may take for what; in milliseconds. */
export interface ConnectionTimes {
  readonly connect: number;
  readonly headers: number;
  readonly body: number;
  readonly idle: number;
  readonly age: number;
}

/** What became of all connections of a pool. */
export interface ConnectionCounts {
  /** Connections made, since the start. */
  readonly connectionsOpened: number;
  /** Connections that are open now. */
  readonly connectionsOpen: number;
  /** Requests that were written to a connection that had served one before. */
  readonly requestsOverKeptConnections: number;
  /** Bytes of the bodies that were written, compressed where they were. */
  readonly bytesSent: number;
}

/** Counts before the first connection. */
export const NO_COUNTS: ConnectionCounts = {
  connectionsOpened: 0,
  connectionsOpen: 0,
  requestsOverKeptConnections: 0,
  bytesSent: 0,
};
