import type { Socket } from "node:net";

import type { ProtocolClient, ProtocolClientEvents, SocketCallback } from "./connection-parts.js";
import { isHttp2 } from "./connection-socket.js";
import type { Exchange, PostRequest } from "./exchange.js";
import { Http2Client } from "./http2-client.js";

/** What a client is made of that chooses its protocol. */
export interface NegotiatedClientSettings {
  readonly origin: string;
  readonly events: ProtocolClientEvents;
  /** Opens a client for HTTP/1.1. */
  readonly openHttp1: (events: ProtocolClientEvents) => ProtocolClient;
}

/** Connects first, and then speaks HTTP/2 or HTTP/1.1, by what the handshake has agreed on. */
export class NegotiatedClient implements ProtocolClient {
  readonly #settings: NegotiatedClientSettings;
  #client: ProtocolClient | undefined;

  constructor(settings: NegotiatedClientSettings) {
    this.#settings = settings;
  }

  dispatch(request: PostRequest, exchange: Exchange): boolean {
    if (this.#client !== undefined) return this.#client.dispatch(request, exchange);
    this.#settings.events.connect((error, socket) => {
      if (socket === undefined) return exchange.onResponseError(NOTHING_TO_ABORT, error);
      this.#client = this.#clientOver(socket);
      this.#client.dispatch(request, exchange);
    });
    return true;
  }

  async destroy(reason: Error): Promise<void> {
    await this.#client?.destroy(reason);
  }

  #clientOver(socket: Socket): ProtocolClient {
    const { origin, events, openHttp1 } = this.#settings;
    if (isHttp2(socket))
      return new Http2Client({ origin, socket, onGone: (error) => events.gone(error) });
    let first: Socket | undefined = socket;
    const connect = (done: SocketCallback): void => {
      if (first === undefined) return events.connect(done);
      first = undefined;
      // undici does not go on where it is given a socket within its own call.
      queueMicrotask(() => done(null, socket));
    };
    return openHttp1({ connect, gone: (error) => events.gone(error) });
  }
}

const NOTHING_TO_ABORT = { abort(): void {} };
