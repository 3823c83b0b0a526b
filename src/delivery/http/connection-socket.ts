import type { Socket } from "node:net";

import { isCertificateFailure } from "./tls-failures.js";

/** Facts about one socket while it is in use. */
export interface SocketNotes {
  /** The error by which the peer refused the connection after the handshake. */
  readonly refusal: Error | undefined;
  readonly isHttp2: boolean;
  /** True with TLS 1.3, where the handshake completes before the server has checked the client certificate. */
  readonly isTls13: boolean;
}

/**
 * Records why a socket ends, since undici reports the end of the connection and hides the TLS alert that came before
 * it.
 */
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

/** Tells whether HTTP/2 was negotiated. */
export function isHttp2(socket: Socket): boolean {
  return "alpnProtocol" in socket && socket.alpnProtocol === "h2";
}

// Reads a property instead of using `instanceof`, so that an application that sends over http does not load TLS.
function protocolOf(socket: Socket): unknown {
  if (!("getProtocol" in socket)) return undefined;
  const { getProtocol } = socket;
  return typeof getProtocol === "function" ? getProtocol.call(socket) : undefined;
}

/** Removes informational responses, such as `100 Continue`, from what a connection receives. */
export interface ContinueFilter {
  /** Records that the next bytes begin a response. */
  expectAnswer(): void;
  /** True if a part of the expected response has arrived, even if it is held back. */
  readonly hasBegun: boolean;
}

const STATUS_LINE_LENGTH = "HTTP/1.1 100 ".length;
const STATUS_AT = "HTTP/1.1 ".length;
const DIGIT_ONE = 0x31;
// Every 1xx status except 101, which ends HTTP on the connection.
const INFORMATIONAL = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r]/;
const END_OF_HEAD = "\r\n\r\n";

// Far more than the header of such a response needs.
const MAX_HELD_BYTES = 4096;

/**
 * Removes informational responses from what is read from a socket. A server or proxy may send `100 Continue` for any
 * request (RFC 9110, 15.2.1). undici does not request it, and treats it as a broken response.
 */
export function filterContinue(socket: Socket): ContinueFilter {
  const read = socket.read.bind(socket);
  let held: Buffer | undefined;
  let isAtHead = true;
  let hasBegun = false;

  const pass = (chunk: Buffer): Buffer | null => {
    // The usual case: the status has arrived, and does not begin with a 1.
    if (held === undefined && chunk.length > STATUS_AT && chunk[STATUS_AT] !== DIGIT_ONE) {
      isAtHead = false;
      hasBegun = true;
      return chunk;
    }
    let data = held === undefined ? chunk : Buffer.concat([held, chunk]);
    for (let status = statusOf(data); status === "informational"; status = statusOf(data))
      data = data.subarray(data.indexOf(END_OF_HEAD) + END_OF_HEAD.length);
    isAtHead = statusOf(data) === "unknown";
    held = isAtHead ? data : undefined;
    hasBegun = true;
    return isAtHead ? null : data;
  };

  socket.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    return isAtHead && Buffer.isBuffer(chunk) ? pass(chunk) : chunk;
  };
  return {
    expectAnswer() {
      isAtHead = true;
      hasBegun = false;
    },
    get hasBegun() {
      return hasBegun;
    },
  };
}

// `unknown` means that too few bytes have arrived.
function statusOf(data: Buffer): "informational" | "other" | "unknown" {
  const start = data.toString("latin1", 0, STATUS_LINE_LENGTH);
  if (start.length < STATUS_LINE_LENGTH)
    return "HTTP/1.".startsWith(start.slice(0, "HTTP/1.".length)) ? "unknown" : "other";
  if (!INFORMATIONAL.test(start)) return "other";
  if (data.includes(END_OF_HEAD)) return "informational";
  return data.length > MAX_HELD_BYTES ? "other" : "unknown";
}
