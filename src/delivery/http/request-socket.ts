import type { Socket } from "node:net";

import type { ResponseEvents } from "./response-parser.js";
import { ResponseParser } from "./response-parser.js";
import { isCertificateFailure } from "./tls-failures.js";

/** Events of a socket and of the responses on it. */
export interface RequestSocketEvents extends ResponseEvents {
  /** It cannot be used any more. Emitted once, and not after `destroy`. */
  gone(error: Error): void;
  /** Called each time after everything that has arrived was read. */
  handled(): void;
}

/** The server has closed a connection on which a response was awaited, or which was idle. */
export class ConnectionEndError extends Error {
  override readonly name = "ConnectionEndError";
  readonly code = "ERR_CONNECTION_END";

  constructor() {
    super("the server closed the connection");
  }
}

// Larger requests are rare, since bodies of that size are compressed; they are written in two parts.
const MAX_BUFFER_BYTES = 64 * 1024;
const FIRST_BUFFER_BYTES = 8 * 1024;

/** An HTTP/1.1 connection that carries one request at a time. */
export class RequestSocket {
  /** With TLS 1.3 the handshake completes before the server has checked our certificate. */
  readonly isTls13: boolean;
  readonly #socket: Socket;
  readonly #events: RequestSocketEvents;
  readonly #parser: ResponseParser;
  #buffer: Buffer = EMPTY;
  #refusal: Error | undefined;
  #isGone = false;
  #isClosed = false;
  #isWriting = false;
  #onWritten: (() => void) | undefined;
  // One function for all writes, so that none allocates another.
  readonly #written = (error?: Error | null): void => {
    if (error) return;
    this.#isWriting = false;
    const run = this.#onWritten;
    this.#onWritten = undefined;
    run?.();
  };

  constructor(socket: Socket, events: RequestSocketEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#parser = new ResponseParser(events);
    this.isTls13 = protocolOf(socket) === "TLSv1.3";
    socket
      .on("data", (chunk: Buffer) => this.#read(chunk))
      .on("end", () => this.#end())
      .on("error", (error) => this.#error(error))
      .on("close", () => {
        this.#isClosed = true;
        this.#gone(new ConnectionEndError());
      });
  }

  /** True if nothing has ended the connection so far. */
  get isOpen(): boolean {
    return !this.#isGone && this.#socket.writable && !this.#socket.readableEnded;
  }

  /** True while a part of a request is not yet with the kernel. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /**
   * Writes a request. `head` is everything before the body's length: the request line and the fields, the last of which
   * is the name `content-length`. The body is bytes, which may be reused once the response has come, or ASCII text.
   */
  write(head: string, body: Buffer | string): void {
    this.#parser.expect();
    this.#isWriting = true;
    const start = `${head}${body.length}\r\n\r\n`;
    if (typeof body === "string") {
      this.#socket.write(start + body, "latin1", this.#written);
      return;
    }
    const length = start.length + body.length;
    if (length > MAX_BUFFER_BYTES) {
      this.#socket.cork();
      this.#socket.write(start, "latin1");
      this.#socket.write(body, this.#written);
      this.#socket.uncork();
      return;
    }
    // One write of one buffer costs less than one of two. The buffer is free, since the last request was written.
    const buffer = this.#bufferOf(length);
    buffer.write(start, "latin1");
    body.copy(buffer, start.length);
    this.#socket.write(buffer.subarray(0, length), this.#written);
  }

  /** Calls a function once the request is with the kernel: at once, or never if the connection ends before. */
  onceWritten(run: () => void): void {
    if (this.#isWriting) this.#onWritten = run;
    else run();
  }

  /** Calls a function when the socket is closed. */
  onceClosed(run: () => void): void {
    this.#socket.once("close", run);
  }

  /** Closes the connection; resolves once it is closed. */
  destroy(): Promise<void> {
    this.#isGone = true;
    this.#parser.stop();
    this.#socket.destroy();
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => void this.#socket.once("close", () => resolve()));
  }

  #bufferOf(length: number): Buffer {
    if (this.#buffer.length < length) {
      let size = FIRST_BUFFER_BYTES;
      while (size < length) size *= 2;
      this.#buffer = Buffer.allocUnsafeSlow(size);
    }
    return this.#buffer;
  }

  #read(chunk: Buffer): void {
    const error = this.#parser.read(chunk);
    if (error !== undefined) this.#gone(error);
    this.#events.handled();
  }

  #end(): void {
    if (!this.#parser.finish()) this.#gone(new ConnectionEndError());
  }

  // The TLS alert that explains the end may be followed by other errors.
  #error(error: Error): void {
    if (isCertificateFailure(error)) this.#refusal ??= error;
    this.#gone(error);
  }

  #gone(error: Error): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#events.gone(this.#refusal ?? error);
  }
}

const EMPTY = Buffer.alloc(0);

// Not by `instanceof`, so that an application that sends over http does not load TLS.
function protocolOf(socket: Socket): unknown {
  if (!("getProtocol" in socket)) return undefined;
  const { getProtocol } = socket;
  return typeof getProtocol === "function" ? getProtocol.call(socket) : undefined;
}
