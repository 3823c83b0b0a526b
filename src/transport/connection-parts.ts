import type { Socket } from "node:net";

import type { Exchange, PostRequest } from "./exchange.js";

/** A connection that is being made. */
export interface Dialling {
  readonly socket: Promise<Socket>;
  /** Gives up, or closes what there is of it by now. */
  abort(reason: Error): void;
}

/** What is used of undici's client: the protocol over one connection. */
export interface ProtocolClient {
  dispatch(request: PostRequest, handler: Exchange): boolean;
  destroy(reason: Error): Promise<void>;
}

/** Is given a socket, or why there is none. */
export type SocketCallback = (error: Error | null, socket?: Socket) => void;

/** What a client asks of its connection. */
export interface ProtocolClientEvents {
  /** Wants a socket. */
  connect(done: SocketCallback): void;
  /** Its socket is gone, or there is none. */
  gone(error: Error): void;
}

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
