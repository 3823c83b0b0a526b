import type { Socket } from "node:net";

import type { Dialling } from "./connection-types.js";
import { trackSocket, trackedLookup } from "./exit-watch.js";
import { noProxyAnswer, proxyUnreachable, proxyRefusal } from "./proxy-errors.js";
import type { ProxyError } from "./proxy-errors.js";
import type { Address, Proxy, Route } from "./proxy-route.js";
import type { TlsClient } from "./tls-client.js";
import { hostForUrl } from "./proxy-route.js";
import { MAX_HEAD_BYTES } from "./response-head.js";
import { nodeNet } from "../../support/built-ins.js";

/** TCP keep-alive settings: when the kernel probes an idle connection. */
export interface TcpProbes {
  readonly idleMillis?: number | undefined;
  readonly intervalMillis?: number | undefined;
  readonly count?: number | undefined;
}

/** The route and the TLS settings of connections. */
interface DialSettings {
  readonly route: Route;
  readonly probes: TcpProbes | false;
  /** For connections to the server. */
  readonly tls: TlsClient;
  /** For connections to the proxy, which does not get the client certificate. */
  readonly proxyTls: TlsClient;
}

// NAT gateways and load balancers forget an idle connection after minutes: Azure's after 4, AWS's after 6.
const DEFAULT_PROBES = { idleMillis: 45_000, intervalMillis: 10_000, count: 6 };

/** Starts to connect to the server, through the proxy if there is one. */
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
      this.abort(new Error("the connection could not be established"));
      throw error;
    }
  }

  abort(reason?: Error): void {
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
      : nodeNet().connect({ host, port, lookup: trackedLookup });
    socket.setNoDelay(true);
    // Not earlier: options that are set before the connection is established are lost if the first address fails and
    // another one is tried.
    socket.once("connect", () => this.#probe(socket));
    return this.#settled(socket, isSecure ? "secureConnect" : "connect");
  }

  #settled(socket: Socket, event: string): Promise<Socket> {
    this.#sockets.push(socket);
    keepNoProcess(socket);
    return new Promise((resolve, reject) => {
      socket.once(event, () => resolve(socket));
      // The listener stays for the socket's lifetime, so that no error is ever unhandled.
      socket.on("error", reject);
      socket.once("close", () =>
        reject(new Error("the connection was closed before it was established")),
      );
    });
  }

  // Older versions of Node ignore the last two arguments, and use intervals of one second and ten probes.
  #probe(socket: ProbedSocket): void {
    const { probes } = this.#settings;
    if (probes === false) return;
    const { idleMillis, intervalMillis, count } = { ...DEFAULT_PROBES, ...defined(probes) };
    socket.setKeepAlive(true, idleMillis, intervalMillis, count);
  }
}

/** Lets the process end while the socket is open, even while it waits for a response; a pending flush has its own timer. */
function keepNoProcess(socket: Socket): void {
  const unref = (): void => void socket.unref();
  unref();
  trackSocket(socket);
  // Each address that is tried has a handle of its own.
  socket.once("connect", unref);
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

/**
 * Opens a tunnel through a proxy over a connected socket. Bytes after the header of the proxy's response belong to the
 * server. Rejects with a `ProxyError`; the socket cannot be used afterwards.
 */
export function openTunnel(socket: Socket, proxy: Proxy, server: Address): Promise<void> {
  const answer = readAnswer(socket, proxy);
  socket.write(connectRequest(proxy, server), "latin1");
  return answer;
}

function connectRequest({ authorization }: Proxy, { host, port }: Address): string {
  const authority = `${hostForUrl(host)}:${port}`;
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`);
  return [...lines, "", ""].join("\r\n");
}

function readAnswer(socket: Socket, proxy: Proxy): Promise<void> {
  return new Promise((resolve, reject) => {
    let head: Buffer = Buffer.alloc(0);
    const onEnd = (error?: unknown): void =>
      settle(proxyUnreachable(proxy, error ?? new Error("it closed the connection")));
    const onReadable = (): void => {
      const chunk: unknown = socket.read();
      if (Buffer.isBuffer(chunk)) head = withoutInformational(Buffer.concat([head, chunk]));
      const end = head.indexOf("\r\n\r\n");
      if (end === -1 && head.length < MAX_HEAD_BYTES) return;
      // If the header has no end, there is no tunnel, whatever the status is.
      if (end === -1)
        return settle(noProxyAnswer(proxy, "its response header is incomplete or too long"));
      if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
      settle(refusalIn(head.toString("latin1"), proxy));
    };
    const settle = (error: ProxyError | undefined): void => {
      socket.off("readable", onReadable).off("end", onEnd).off("error", onEnd).off("close", onEnd);
      if (error === undefined) resolve();
      else reject(error);
    };
    socket.on("readable", onReadable).on("end", onEnd).on("error", onEnd).on("close", onEnd);
    if (socket.destroyed) onEnd();
  });
}

// Informational responses may come before the one that decides (RFC 9110, 15.2); 101 is final.
function withoutInformational(head: Buffer): Buffer {
  const end = head.indexOf("\r\n\r\n");
  const isInformational = /^HTTP\/1\.\d 1(?!01)\d\d\b/.test(head.toString("latin1", 0, 16));
  return end === -1 || !isInformational ? head : withoutInformational(head.subarray(end + 4));
}

function refusalIn(head: string, proxy: Proxy): ProxyError | undefined {
  const status = /^HTTP\/1\.\d (\d{3})\b/.exec(head)?.[1];
  if (status === undefined) return noProxyAnswer(proxy, "it does not speak HTTP");
  return status.startsWith("2") ? undefined : proxyRefusal(proxy, Number(status));
}
