import type { ResponseHead } from "./response-head.js";
import { MAX_HEAD_BYTES, readHead } from "./response-head.js";

/** Events of a response, in this order. */
export interface ResponseEvents {
  /** Its first bytes have arrived, or those of an informational response (1xx) before it. */
  begun(): void;
  /** Its header is complete. */
  answered(head: ResponseHead): void;
  /** A part of its body. */
  received(bytes: Buffer): void;
  /** It is complete. */
  ended(): void;
}

/** The error for bytes that are not an HTTP/1.1 response, or for a response that is larger than an ingest server sends. */
export class ResponseError extends Error {
  override readonly name = "ResponseError";
  readonly code = "ERR_HTTP_RESPONSE";
  /** The first bytes that could not be read. */
  readonly start: Buffer;

  constructor(message: string, bytes: Buffer) {
    super(message);
    this.start = bytes.subarray(0, 8);
  }
}

// Trailers, and the lines between chunks.
const MAX_LINE_BYTES = 1024;
const MAX_TRAILER_BYTES = 8 * 1024;
const MAX_INFORMATIONAL = 10;

const CR = 0x0d;
const LF = 0x0a;
const PROTOCOL = Buffer.from("HTTP/1.");
const CHUNK_SIZE = /^([0-9a-f]{1,8})(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;
const TRAILER = /^[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*$/;

const NEEDS_MORE = 0;
const BROKEN = -1;

type Stage =
  | "chunk"
  | "chunk-end"
  | "chunk-size"
  | "head"
  | "idle"
  | "length"
  | "stopped"
  | "trailers"
  | "until-end";

/**
 * Reads the responses of one connection, one after the other (RFC 9112). Strict: Sentry, and the proxies in front of it,
 * keep to the format, and a connection whose bytes are in doubt can be replaced.
 */
export class ResponseParser {
  readonly #events: ResponseEvents;
  #stage: Stage = "idle";
  #held: Buffer | undefined;
  #hasBegun = false;
  // Bytes of the body or chunk that are still to come.
  #left = 0;
  #trailerBytes = 0;
  #informational = 0;
  #lastText = "";
  #lastHead: ResponseHead | undefined;

  constructor(events: ResponseEvents) {
    this.#events = events;
  }

  /** Notes that a request was written, so that the next bytes begin a response. */
  expect(): void {
    this.#stage = "head";
    this.#hasBegun = false;
    this.#informational = 0;
  }

  /** Ignores everything from now on. */
  stop(): void {
    this.#stage = "stopped";
    this.#held = undefined;
  }

  /** Reads what has arrived. Returns an error if the connection must be closed; a response may have ended before. */
  read(chunk: Buffer): ResponseError | undefined {
    if (this.#isStopped) return undefined;
    if (this.#isComplete) return new ResponseError("bytes without a request", chunk);
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#events.begun();
    }
    let data = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    while (data.length > 0) {
      if (this.#isStopped) return undefined;
      const used = this.#step(data);
      if (used === BROKEN) return this.#broken(data);
      if (used === NEEDS_MORE) {
        this.#held = data;
        return undefined;
      }
      data = data.subarray(used);
      // Checked before the end is reported: bytes that follow must not become the response of the next request.
      if (this.#isComplete) return this.#end(data);
    }
    return undefined;
  }

  /** The server has ended the connection. Returns whether that completes the response. */
  finish(): boolean {
    if (this.#stage !== "until-end") return false;
    this.#stage = "idle";
    this.#events.ended();
    return true;
  }

  get #isStopped(): boolean {
    return this.#stage === "stopped";
  }

  get #isComplete(): boolean {
    return this.#stage === "idle";
  }

  #end(rest: Buffer): ResponseError | undefined {
    if (rest.length > 0) {
      this.stop();
      return new ResponseError("bytes after the response", rest);
    }
    this.#events.ended();
    return undefined;
  }

  #broken(data: Buffer): ResponseError {
    this.stop();
    return new ResponseError("the response is not valid HTTP/1.1, or its header is too long", data);
  }

  // Returns how many bytes were used, `NEEDS_MORE` or `BROKEN`.
  #step(data: Buffer): number {
    switch (this.#stage) {
      case "head":
        return this.#head(data);
      case "length":
      case "chunk":
        return this.#body(data);
      case "chunk-size":
        return this.#chunkSize(data);
      case "chunk-end":
        return this.#chunkEnd(data);
      case "trailers":
        return this.#trailer(data);
      default:
        this.#events.received(data);
        return data.length;
    }
  }

  #head(data: Buffer): number {
    const prefix = Math.min(data.length, PROTOCOL.length);
    if (PROTOCOL.compare(data, 0, prefix, 0, prefix) !== 0) return BROKEN;
    const end = data.indexOf("\r\n\r\n");
    if (end === -1) return data.length >= MAX_HEAD_BYTES || hasBareLf(data) ? BROKEN : NEEDS_MORE;
    const head =
      end + 4 > MAX_HEAD_BYTES ? undefined : this.#read(data.toString("latin1", 0, end + 2));
    if (head === undefined) return BROKEN;
    if (head.statusCode < 200) return this.#isTolerable(head) ? end + 4 : BROKEN;
    this.#begin(head);
    return end + 4;
  }

  // Within one second, the headers of a server's responses are the same, down to `Date`.
  #read(text: string): ResponseHead | undefined {
    if (text !== this.#lastText) {
      this.#lastHead = readHead(text);
      this.#lastText = text;
    }
    return this.#lastHead;
  }

  // 101 ends HTTP on the connection. The others announce the response to come (RFC 9110, 15.2).
  #isTolerable({ statusCode }: ResponseHead): boolean {
    this.#informational += 1;
    return statusCode !== 101 && this.#informational <= MAX_INFORMATIONAL;
  }

  #begin(head: ResponseHead): void {
    const { bodyEnd } = head;
    this.#trailerBytes = 0;
    if (bodyEnd === "chunked") this.#stage = "chunk-size";
    else if (bodyEnd === "connection") this.#stage = "until-end";
    else {
      this.#stage = bodyEnd === 0 ? "idle" : "length";
      this.#left = bodyEnd;
    }
    this.#events.answered(head);
  }

  #body(data: Buffer): number {
    const bytes = data.length > this.#left ? data.subarray(0, this.#left) : data;
    this.#left -= bytes.length;
    if (this.#left === 0) this.#stage = this.#stage === "chunk" ? "chunk-end" : "idle";
    this.#events.received(bytes);
    return bytes.length;
  }

  #chunkSize(data: Buffer): number {
    const end = lineEnd(data);
    if (end <= NEEDS_MORE) return end;
    const size = CHUNK_SIZE.exec(data.toString("latin1", 0, end))?.[1];
    if (size === undefined) return BROKEN;
    this.#left = Number.parseInt(size, 16);
    this.#stage = this.#left === 0 ? "trailers" : "chunk";
    return end + 2;
  }

  #chunkEnd(data: Buffer): number {
    if (data[0] !== CR) return BROKEN;
    if (data.length === 1) return NEEDS_MORE;
    if (data[1] !== LF) return BROKEN;
    this.#stage = "chunk-size";
    return 2;
  }

  #trailer(data: Buffer): number {
    if (data[0] === CR) {
      if (data.length === 1) return NEEDS_MORE;
      if (data[1] !== LF) return BROKEN;
      this.#stage = "idle";
      return 2;
    }
    const end = lineEnd(data);
    if (end <= NEEDS_MORE) return end;
    this.#trailerBytes += end;
    const isGood =
      this.#trailerBytes <= MAX_TRAILER_BYTES && TRAILER.test(data.toString("latin1", 0, end));
    return isGood ? end + 2 : BROKEN;
  }
}

// A header with bare line feeds may never be complete; its request would wait for the time-out.
function hasBareLf(data: Buffer): boolean {
  let at = data.indexOf(LF);
  while (at > 0 && data[at - 1] === CR) at = data.indexOf(LF, at + 1);
  return at !== -1;
}

// A line has at least one byte: an empty one is `BROKEN`.
function lineEnd(data: Buffer): number {
  const end = data.indexOf("\r\n");
  if (end === 0) return BROKEN;
  if (end !== -1) return end + 2 > MAX_LINE_BYTES ? BROKEN : end;
  return data.length >= MAX_LINE_BYTES ? BROKEN : NEEDS_MORE;
}
