import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import { connect } from "node:net";

import type { HttpTransportSettings } from "../../../src/delivery/http/http-transport.js";
import { openTransport } from "./http-support.js";
import type { TestServer } from "./http-servers.js";
import { accept, listening, pemOf, secureDsn } from "./http-servers.js";

export const TLS = { key: pemOf("server-key"), cert: pemOf("server") };
export const caCerts = pemOf("ca");
const CREDENTIALS = `Basic ${Buffer.from("me:p@ss word").toString("base64")}`;
/** What must stand nowhere. */
export const SECRET = /p@ss|p%40ss|cEBzcyB3b3Jk|bWU6/;

/** A proxy, and what was asked of it. */
export interface ProxyServer extends TestServer {
  /** Tunnels that were asked for. */
  readonly tunnels: string[];
  /** URLs of requests that were passed on. */
  readonly forwarded: string[];
  /** Status of what is refused from now on; 0 passes all. */
  refuse: number;
  /** Breaks all tunnels. */
  readonly breakOff: () => void;
}

/** A proxy that requires credentials, and keeps its connections. */
export async function openProxy(http: Server = createHttpServer()): Promise<ProxyServer> {
  const ends = new Set<Socket>();
  const state = { refuse: 0 };
  const tunnels: string[] = [];
  const forwarded: string[] = [];
  const refusalOf = ({ headers }: IncomingMessage): number =>
    headers["proxy-authorization"] === CREDENTIALS ? state.refuse : 407;
  http.on("connect", (request: IncomingMessage, socket: Socket) => {
    tunnels.push(String(request.url));
    const refusal = refusalOf(request);
    if (refusal !== 0) {
      socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n<p>No</p>`);
      return;
    }
    const [host = "", port = ""] = String(request.url).split(":");
    const end = connect(Number(port), host === "localhost" ? "127.0.0.1" : host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\nvia: 1.1 test\r\n\r\n");
      socket.pipe(end).pipe(socket);
    });
    ends.add(socket);
    end.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.on("error", () => {}).on("close", () => end.destroy());
  });
  http.on("request", (request: IncomingMessage, response: ServerResponse) => {
    forwarded.push(String(request.url));
    const refusal = refusalOf(request);
    if (refusal !== 0) response.writeHead(refusal);
    request.resume().on("end", () => response.end("{}"));
  });
  const server = await listening(http);
  return Object.assign(state, server, {
    tunnels,
    forwarded,
    breakOff: () => ends.forEach((socket) => socket.resetAndDestroy()),
  });
}

/** Its URL, with the credentials that it wants. */
export const urlOf = ({ port }: TestServer, scheme = "http"): string =>
  `${scheme}://me:p%40ss%20word@localhost:${port}`;

/** An https server, and a transport to it through a proxy. */
export async function openBoth(settings: Partial<HttpTransportSettings> = {}) {
  const proxy = await openProxy();
  const behind = { listener: accept };
  const https = createHttpsServer(TLS, (request, response) => behind.listener(request, response));
  const server = await listening(https);
  const transport = openTransport(secureDsn(server), {
    caCerts,
    proxy: urlOf(proxy),
    ...settings,
  });
  return { proxy, server, transport, behind };
}
