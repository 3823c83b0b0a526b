import type { Socket } from "node:net";
import { connect as connectTcp } from "node:net";

import type { Dialling } from "./connection-parts.js";
import { noteSocket, notedLookup } from "./own-requests.js";
import { proxyUnreachable } from "./proxy-error.js";
import type { Address, Proxy, Route } from "./proxy-route.js";
import { openTunnel } from "./proxy-tunnel.js";
import type { TlsClient } from "./tls-client.js";

/** When the kernel probes a quiet connection. */
export interface TcpProbes {
  readonly idleMillis?: number | undefined;
  readonly intervalMillis?: number | undefined;
  readonly count?: number | undefined;
}

/** What connections are made with. */
export interface DialSettings {
  readonly route: Route;
  readonly probes: TcpProbes | false;
  /** To the server. */
  readonly tls: TlsClient;
  /** To the proxy, which is not shown the client's certificate. */
  readonly proxyTls: TlsClient;
}

// Middle boxes forget a quiet connection after minutes: Azure's after 4, AWS's after 6.
const DEFAULT_PROBES = { idleMillis: 45_000, intervalMillis: 10_000, count: 6 };

/** Starts to make a connection to the server, through the proxy where there is one. */
export function dial(settings: DialSettings): Dialling {
  const attempt = new Attempt(settings);
  return { socket: attempt.run(), abort: (reason) => attempt.abort(reason) };
}

class Attempt {
  readonly #settings: DialSettings;
  readonly #sockets: Socket[] = [];

  constructor(settings: DialSettings) {
    this.#settings = settings;
  }

  async run(): Promise<Socket> {
    try {
      const { route, tls } = this.#settings;
      if (route.proxy === undefined) return await this.#open(route.server, tls);
      return await this.#openThrough(route.proxy);
    } catch (error) {
      this.abort(new Error("the connection could not be made"));
      throw error;
    }
  }

  // With a reason: undici throws where none can catch it when an HTTP/2 socket closes without one.
  abort(reason: Error): void {
    for (const socket of this.#sockets) socket.destroy(reason);
  }

  async #openThrough(proxy: Proxy): Promise<Socket> {
    const { route, tls, proxyTls } = this.#settings;
    const socket = await this.#open(proxy.address, proxyTls).catch((error: unknown) => {
      throw proxyUnreachable(proxy, error);
    });
    if (!route.isTunnel) return socket;
    await openTunnel(socket, proxy, route.server);
    const { host, port } = route.server;
    return this.#settled(tls.connect({ host, port, socket }), "secureConnect");
  }

  #open({ host, port, isSecure }: Address, tls: TlsClient): Promise<Socket> {
    const socket = isSecure
      ? tls.connect({ host, port })
      : connectTcp({ host, port, lookup: notedLookup });
    socket.setNoDelay(true);
    // Not before: what is set on a socket that has no connection yet is lost with the address that
    // it tried first.
    socket.once("connect", () => this.#probe(socket));
    return this.#settled(socket, isSecure ? "secureConnect" : "connect");
  }

  #settled(socket: Socket, event: string): Promise<Socket> {
    this.#sockets.push(socket);
    keepNoProcess(socket);
    return new Promise((resolve, reject) => {
      socket.once(event, () => resolve(socket));
      // Stays for the socket's life, so that no error is ever without a listener.
      socket.on("error", reject);
      socket.once("close", () => reject(new Error("the connection was closed while it was made")));
    });
  }

  // Older versions of Node know the first two arguments, and take a second and ten for the others.
  #probe(socket: ProbedSocket): void {
    const { probes } = this.#settings;
    if (probes === false) return;
    const { idleMillis, intervalMillis, count } = { ...DEFAULT_PROBES, ...defined(probes) };
    socket.setKeepAlive(true, idleMillis, intervalMillis, count);
  }
}

/**
 * Lets the process end while the socket is open, also while it waits for an answer: who waits for an
 * outcome has a timer for that. undici asks for the contrary with each request.
 */
function keepNoProcess(socket: Socket): void {
  const unref = (): void => void socket.unref();
  unref();
  noteSocket(socket);
  // Each address that is tried gets a handle of its own.
  socket.once("connect", unref);
  socket.ref = () => socket;
}

interface ProbedSocket {
  setKeepAlive(isOn: boolean, idleMillis: number, intervalMillis?: number, count?: number): unknown;
}

function defined({ idleMillis, intervalMillis, count }: TcpProbes): Partial<typeof DEFAULT_PROBES> {
  return {
    ...(idleMillis === undefined ? {} : { idleMillis }),
    ...(intervalMillis === undefined ? {} : { intervalMillis }),
    ...(count === undefined ? {} : { count }),
  };
}
