import type * as nodeHttp2 from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

import type { ProtocolClient } from "./connection-parts.js";
import type { Exchange, PostRequest } from "./exchange.js";

type Answer = nodeHttp2.IncomingHttpHeaders & nodeHttp2.IncomingHttpStatusHeader;

/** What an HTTP/2 client is made of. */
export interface Http2ClientSettings {
  readonly origin: string;
  /** A TLS connection on which HTTP/2 was agreed. */
  readonly socket: Socket;
  /** The session takes no more requests, or is gone. Not called while an answer is still to come. */
  readonly onGone: (error: Error) => void;
}

/**
 * Speaks HTTP/2 over one connection, one request at a time. undici's own client ends the connection at each GOAWAY, also
 * where the server goes on to answer what it has taken, and does not tell which requests the server has never seen.
 */
export class Http2Client implements ProtocolClient {
  readonly #settings: Http2ClientSettings;
  readonly #session: ClientHttp2Session;
  #current: Http2Post | undefined;
  #goneBy: Error | undefined;
  #isToldGone = false;

  constructor(settings: Http2ClientSettings) {
    const { origin, socket } = settings;
    this.#settings = settings;
    this.#session = http2().connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    // The pool keeps the process alive where that is wanted.
    this.#session.unref();
    this.#session
      .on("error", (error) => this.#gone(error))
      .on("goaway", (code, lastStreamId) => this.#goAway(code, lastStreamId))
      .on("close", () => this.#gone(new Http2Error("the server closed the connection")));
    socket.once("end", () =>
      this.#session.destroy(new Http2Error("the server closed the connection")),
    );
  }

  dispatch(request: PostRequest, exchange: Exchange): boolean {
    const session = this.#session;
    const post = new Http2Post(exchange, {
      session,
      hasEnded: () => session.destroyed,
      onOver: () => this.#over(),
    });
    this.#current = post;
    try {
      if (this.#goneBy !== undefined) throw this.#goneBy;
      post.start(request);
    } catch (error) {
      post.fail(error);
    }
    return true;
  }

  async destroy(reason: Error): Promise<void> {
    const { socket } = this.#settings;
    this.#isToldGone = true;
    if (!this.#session.destroyed) this.#session.destroy();
    if (socket.closed) return;
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      socket.destroy(reason);
    });
  }

  #goAway(code: number, lastStreamId: number): void {
    const error = new Http2Error(`the server ends the connection (GOAWAY ${nameOf(code)})`);
    // What the server has taken may still be answered.
    this.#current?.endAfter(lastStreamId, error);
    this.#gone(error);
  }

  // Node tells the stream itself, if there is one.
  #gone(error: Error): void {
    this.#goneBy ??= error;
    if (this.#current === undefined) this.#tell(this.#goneBy);
  }

  #over(): void {
    this.#current = undefined;
    if (this.#goneBy !== undefined) this.#tell(this.#goneBy);
  }

  #tell(error: Error): void {
    if (this.#isToldGone) return;
    this.#isToldGone = true;
    this.#settings.onGone(error);
  }
}

/** The session of a request, as far as its outcome depends on it. */
interface RequestSession {
  readonly session: ClientHttp2Session;
  /** Whether the session has ended, and with it all of its streams. */
  readonly hasEnded: () => boolean;
  readonly onOver: () => void;
}

/** One request and its answer, as a stream. */
class Http2Post {
  readonly #exchange: Exchange;
  readonly #parent: RequestSession;
  readonly #controller = { abort: (): void => this.#abort() };
  #stream: ClientHttp2Stream | undefined;
  #hasAnswer = false;
  #isOver = false;

  constructor(exchange: Exchange, parent: RequestSession) {
    this.#exchange = exchange;
    this.#parent = parent;
  }

  start({ method, path, headers, body }: PostRequest): void {
    const stream = this.#parent.session.request({
      ":method": method,
      ":path": path,
      "content-length": body.length,
      ...pairsOf(headers),
    });
    this.#stream = stream;
    // A server may allow no stream just now. Until the stream has its number, nothing is written.
    if (stream.pending) stream.once("ready", () => this.#begun());
    else this.#begun();
    stream
      .on("response", (answer) => this.#answered(answer))
      .on("data", (chunk: Buffer) => this.#received(chunk))
      .on("end", () => this.#ended())
      .on("error", (error) => this.#broken(error))
      .on("close", () => this.#broken(new Http2Error("the stream ended before it was answered")));
    stream.end(body);
  }

  /** Notes that the server takes no stream after this one; if it has not taken ours, it has seen nothing of the request. */
  endAfter(lastStreamId: number, error: Error): void {
    const { id } = this.#stream ?? {};
    if (id === undefined || id > lastStreamId) this.#refuse(error);
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exchange.onResponseError(this.#controller, error);
    this.#parent.onOver();
  }

  #refuse(error: Error): void {
    if (this.#isOver || this.#hasAnswer) return;
    this.#exchange.onRequestUnseen();
    this.fail(error);
  }

  #begun(): void {
    if (!this.#isOver) this.#exchange.onRequestStart(this.#controller);
  }

  #answered({ ":status": status = 0, ...headers }: Answer): void {
    if (this.#isOver) return;
    this.#hasAnswer = true;
    this.#exchange.onResponseStarted();
    this.#exchange.onResponseStart(this.#controller, status, headers);
  }

  #received(chunk: Buffer): void {
    if (!this.#isOver) this.#exchange.onResponseData(this.#controller, chunk);
  }

  // Node ends a stream also where it was reset.
  #ended(): void {
    if (this.#isOver || !this.#hasAnswer || this.#stream?.rstCode !== 0) return;
    this.#isOver = true;
    // First, so that a connection that is going away is not used again.
    this.#parent.onOver();
    this.#exchange.onResponseEnd();
  }

  #broken(error: Error): void {
    if (this.#isOver) return;
    // Where the session has ended, the code may be that of the session.
    const isReset = !this.#parent.hasEnded();
    if (isReset && this.#stream?.rstCode === constants().NGHTTP2_REFUSED_STREAM)
      this.#refuse(error);
    this.fail(error);
  }

  #abort(): void {
    this.#isOver = true;
    if (this.#stream?.destroyed === false) this.#stream.close(constants().NGHTTP2_CANCEL);
  }
}

class Http2Error extends Error {
  override readonly name = "Http2Error";
  readonly code = "UND_ERR_SOCKET";
}

function pairsOf(headers: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let index = 1; index < headers.length; index += 2)
    pairs[headers[index - 1] ?? ""] = headers[index] ?? "";
  return pairs;
}

function nameOf(code: number): string {
  const known = Object.entries(constants()).find(
    ([name, value]) =>
      name.startsWith("NGHTTP2_") && !name.startsWith("NGHTTP2_E") && value === code,
  );
  return known?.[0].slice("NGHTTP2_".length) ?? String(code);
}

function constants(): typeof nodeHttp2.constants {
  return http2().constants;
}

// Not imported: only those who ask for HTTP/2 load it.
function http2(): typeof nodeHttp2 {
  return process.getBuiltinModule("node:http2");
}
