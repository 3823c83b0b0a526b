import type * as nodeHttp2 from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

import type { ProtocolClient, ProtocolClientEvents, SocketCallback } from "./connection-types.js";
import type { Exchange, PostRequest } from "./exchange.js";
import { isHttp2 } from "./connection-socket.js";

type Answer = nodeHttp2.IncomingHttpHeaders & nodeHttp2.IncomingHttpStatusHeader;

/** Dependencies of an HTTP/2 client. */
interface Http2ClientSettings {
  readonly origin: string;
  /** A TLS connection that has negotiated HTTP/2. */
  readonly socket: Socket;
  /** Called when the session accepts no more requests or is closed, but not while a response is still awaited. */
  readonly onGone: (error: Error) => void;
}

/**
 * HTTP/2 over one connection, one request at a time. undici's client is not used: it closes the connection at each
 * GOAWAY, even if the server goes on to answer accepted requests, and does not report which requests the server never
 * processed.
 */
class Http2Client implements ProtocolClient {
  readonly #settings: Http2ClientSettings;
  readonly #session: ClientHttp2Session;
  #current: Http2Post | undefined;
  #goneBy: Error | undefined;
  #hasReportedGone = false;

  constructor(settings: Http2ClientSettings) {
    const { origin, socket } = settings;
    this.#settings = settings;
    this.#session = http2().connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    // The pool decides whether a session keeps the process alive.
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
    this.#hasReportedGone = true;
    if (!this.#session.destroyed) this.#session.destroy();
    if (socket.closed) return;
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      socket.destroy(reason);
    });
  }

  #goAway(code: number, lastStreamId: number): void {
    const error = new Http2Error(`the server ends the connection (GOAWAY ${nameOf(code)})`);
    // The server may still answer requests that it has accepted.
    this.#current?.endAfter(lastStreamId, error);
    this.#gone(error);
  }

  // Node closes the current stream itself.
  #gone(error: Error): void {
    this.#goneBy ??= error;
    if (this.#current === undefined) this.#reportGone(this.#goneBy);
  }

  #over(): void {
    this.#current = undefined;
    if (this.#goneBy !== undefined) this.#reportGone(this.#goneBy);
  }

  #reportGone(error: Error): void {
    if (this.#hasReportedGone) return;
    this.#hasReportedGone = true;
    this.#settings.onGone(error);
  }
}

/** The state of a session that the outcome of a request depends on. */
interface RequestSession {
  readonly session: ClientHttp2Session;
  /** Tells whether the session, and with it all of its streams, has ended. */
  readonly hasEnded: () => boolean;
  readonly onOver: () => void;
}

/** One request and its response on one stream. */
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
    // The server may not allow another stream at the moment. Nothing is written until the stream has an id.
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

  /**
   * Records the last stream that the server accepts. If ours has a higher id, the server has not processed the request.
   */
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

  // Node emits `end` for a reset stream as well.
  #ended(): void {
    if (this.#isOver || !this.#hasAnswer || this.#stream?.rstCode !== 0) return;
    this.#isOver = true;
    // Called first, so that a connection that is closing is not used again.
    this.#parent.onOver();
    this.#exchange.onResponseEnd();
  }

  #broken(error: Error): void {
    if (this.#isOver) return;
    // If the session has ended, the code may be that of the session.
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

// Loaded only if the option `http2` is set.
function http2(): typeof nodeHttp2 {
  return process.getBuiltinModule("node:http2");
}

/** Dependencies of `NegotiatedClient`. */
interface NegotiatedClientSettings {
  readonly origin: string;
  readonly events: ProtocolClientEvents;
  /** Creates an HTTP/1.1 client. */
  readonly openHttp1: (events: ProtocolClientEvents) => ProtocolClient;
}

/** A client that connects first, and then uses HTTP/2 or HTTP/1.1 as negotiated in the handshake. */
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
      // Deferred, because undici does not continue if it gets a socket within its own call.
      queueMicrotask(() => done(null, socket));
    };
    return openHttp1({ connect, gone: (error) => events.gone(error) });
  }
}

const NOTHING_TO_ABORT = { abort(): void {} };
