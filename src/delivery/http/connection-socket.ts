import type { Socket } from "node:net";

import { isCertificateFailure } from "./tls-failures.js";

/** What is noted of one socket while it is in use. */
export interface SocketNotes {
  /** Why the other end refused the connection after the handshake. */
  readonly refusal: Error | undefined;
  readonly isHttp2: boolean;
  /** With TLS 1.3 the handshake is over before the server has looked at our certificate. */
  readonly isTls13: boolean;
}

/** Notes why a socket ends: undici puts the end of the connection in place of the alert that came before it. */
export function watchSocket(socket: Socket): SocketNotes {
  let refusal: Error | undefined;
  socket.on("error", (error) => {
    if (isCertificateFailure(error)) refusal ??= error;
  });
  return {
    isHttp2: isHttp2(socket),
    isTls13: protocolOf(socket) === "TLSv1.3",
    get refusal() {
      return refusal;
    },
  };
}

/** Tells whether the other end has chosen HTTP/2. */
export function isHttp2(socket: Socket): boolean {
  return "alpnProtocol" in socket && socket.alpnProtocol === "h2";
}

// Not by `instanceof`: an application that sends over http does not load TLS.
function protocolOf(socket: Socket): unknown {
  if (!("getProtocol" in socket)) return undefined;
  const { getProtocol } = socket;
  return typeof getProtocol === "function" ? getProtocol.call(socket) : undefined;
}
