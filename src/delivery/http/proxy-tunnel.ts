import type { Socket } from "node:net";

import type { ProxyError } from "./proxy-error.js";
import { proxyRefusal, proxyUnreachable } from "./proxy-error.js";
import { bracketed } from "./proxy-route.js";
import type { Address, Proxy } from "./proxy-route.js";

// Far more than a proxy has to say.
const MAX_HEAD_BYTES = 16 * 1024;

/**
 * Asks a proxy for a tunnel over a socket that is connected to it. What comes after is the server's.
 * Rejects with a `ProxyError`; then the socket is of no more use.
 */
export function openTunnel(socket: Socket, proxy: Proxy, server: Address): Promise<void> {
  const answer = readHead(socket, proxy);
  socket.write(connectRequest(proxy, server), "latin1");
  return answer;
}

function connectRequest({ authorization }: Proxy, { host, port }: Address): string {
  const authority = `${bracketed(host)}:${port}`;
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`);
  return [...lines, "", ""].join("\r\n");
}

function readHead(socket: Socket, proxy: Proxy): Promise<void> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const onEnd = (error?: unknown): void =>
      settle(proxyUnreachable(proxy, error ?? new Error("it closed the connection")));
    const onReadable = (): void => {
      const chunk: unknown = socket.read();
      if (Buffer.isBuffer(chunk)) head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end === -1 && head.length < MAX_HEAD_BYTES) return;
      // What has a good status, but no end, has not opened a tunnel either.
      if (end === -1) return settle(proxyUnreachable(proxy, new Error("its answer has no end")));
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

function refusalIn(head: string, proxy: Proxy): ProxyError | undefined {
  const status = /^HTTP\/1\.\d (\d{3})\b/.exec(head)?.[1];
  if (status === undefined) return proxyUnreachable(proxy, new Error("it does not speak HTTP"));
  return status.startsWith("2") ? undefined : proxyRefusal(proxy, Number(status));
}
