import { readFileSync } from "node:fs";
import type { IncomingMessage, RequestListener } from "node:http";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";

import { onTestFinished } from "vitest";

const KEY = "0123456789abcdef0123456789abcdef";

/** A server of the test's own, and what it has. */
export interface TestServer {
  readonly port: number;
  /** A DSN by its IP address, over http. */
  readonly dsn: string;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** Connections that were opened. */
  readonly opened: () => number;
  readonly close: () => Promise<void>;
}

/** Answers each request with an HTML page, as a login or a proxy does. */
export const answerWithPage: RequestListener = (request, response) => {
  request.resume();
  response.setHeader("content-type", "text/html").end("<html>Log in</html>");
};

/** Has a server listen on the loopback interface until the test is over. */
export async function listening(server: Server, port = 0): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let opened = 0;
  server.on("connection", (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  onTestFinished(close);
  const actual = (server.address() as AddressInfo).port;
  return {
    port: actual,
    dsn: `http://${KEY}@127.0.0.1:${actual}/1`,
    sockets,
    opened: () => opened,
    close,
  };
}

/** A server that is told of each whole request, and answers on the socket as it likes. */
export function rawServer(
  onRequest: (socket: Socket, count: number) => void,
  allowHalfOpen = false,
): Promise<TestServer> {
  const server = createServer({ allowHalfOpen }, (socket) => {
    let count = 0;
    let held = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      for (let end = endOfRequest(held); end !== undefined; end = endOfRequest(held)) {
        held = held.subarray(end);
        count += 1;
        onRequest(socket, count);
      }
    });
  });
  return listening(server);
}

/** The DSN of an https server, by name. */
export function secureDsn({ port }: { readonly port: number }, host = "localhost"): string {
  return `https://${KEY}@${host}:${port}/1`;
}

export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/** Accepts all, as Relay does. */
export const accept: RequestListener = (request: IncomingMessage, response) => {
  request.resume().on("end", () => response.end("{}"));
};

/** A certificate or key of this folder. */
export function pemOf(name: string): string {
  return readFileSync(new URL(`http-certificates/${name}.pem`, import.meta.url), "utf8");
}

export const sleep = (millis: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, millis);
  });

/** Holds the event loop, as a long computation does. */
export function block(millis: number): void {
  const end = performance.now() + millis;
  while (performance.now() < end);
}

function endOfRequest(bytes: Buffer): number | undefined {
  const head = bytes.indexOf("\r\n\r\n");
  if (head === -1) return undefined;
  const length = /content-length: (\d+)/i.exec(bytes.toString("latin1", 0, head))?.[1] ?? "0";
  const end = head + 4 + Number(length);
  return bytes.length >= end ? end : undefined;
}
