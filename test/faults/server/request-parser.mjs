/**
 * The head of a request; the names of headers are in lower case.
 * @typedef {{ method: string; target: string; headers: Record<string, string> }} RequestHead
 */

/** @typedef {{ onHead(head: RequestHead): void; onBody(chunk: Buffer): void }} BodyListener */
/** @typedef {BodyListener & { onEnd(): void; onFault(message: string): void }} RequestListener */

const EMPTY = Buffer.alloc(0);
const MAX_HEAD_BYTES = 64 * 1024;

/**
 * Reads HTTP/1.1 requests from bytes as they come. After the end of each it stops until `next()`, so
 * that requests that were sent ahead wait for their turn.
 */
export class RequestParser {
  /** @type {RequestListener} */
  #listener;
  #bytes = EMPTY;
  #left = 0;
  #isHeld = false;
  #step = () => this.#readHead();

  /** @param {RequestListener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#work();
  }

  /** Goes on with the request after the one that has ended. */
  next() {
    this.#isHeld = false;
    this.#work();
  }

  #work() {
    while (!this.#isHeld && this.#step()) {
      // Each step says whether there is more to do with the bytes that are here.
    }
  }

  #readHead() {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end === -1) {
      if (this.#bytes.length > MAX_HEAD_BYTES) return this.#fail("a head without an end");
      return false;
    }
    const head = parseHead(this.#bytes.toString("latin1", 0, end));
    this.#bytes = this.#bytes.subarray(end + 4);
    if (head === undefined) return this.#fail("a head that is not HTTP/1.1");
    this.#expectBody(head.headers);
    this.#listener.onHead(head);
    return true;
  }

  /** @param {Record<string, string>} headers */
  #expectBody(headers) {
    if (headers["transfer-encoding"] === "chunked") {
      this.#step = () => this.#readChunkSize();
    } else {
      this.#left = Number(headers["content-length"] ?? 0);
      this.#step = () => this.#readBody(() => this.#end());
    }
  }

  /** @param {() => boolean} after */
  #readBody(after) {
    if (this.#left === 0) return after();
    if (this.#bytes.length === 0) return false;
    const chunk = this.#bytes.subarray(0, this.#left);
    this.#bytes = this.#bytes.subarray(chunk.length);
    this.#left -= chunk.length;
    this.#listener.onBody(chunk);
    return true;
  }

  #readChunkSize() {
    const line = this.#takeLine();
    if (line === undefined) return false;
    this.#left = Number.parseInt(line, 16);
    if (Number.isNaN(this.#left)) return this.#fail("a chunk without a size");
    const isLast = this.#left === 0;
    this.#step = () => this.#readBody(() => this.#endChunk(isLast));
    return true;
  }

  /** @param {boolean} isLast */
  #endChunk(isLast) {
    if (this.#takeLine() === undefined) return false;
    if (isLast) return this.#end();
    this.#step = () => this.#readChunkSize();
    return true;
  }

  #takeLine() {
    const end = this.#bytes.indexOf("\r\n");
    if (end === -1) return undefined;
    const line = this.#bytes.toString("latin1", 0, end);
    this.#bytes = this.#bytes.subarray(end + 2);
    return line;
  }

  #end() {
    this.#step = () => this.#readHead();
    this.#isHeld = true;
    this.#listener.onEnd();
    return true;
  }

  /** @param {string} message */
  #fail(message) {
    this.#step = () => false;
    this.#listener.onFault(message);
    return false;
  }
}

/**
 * @param {string} text
 * @returns {RequestHead | undefined}
 */
function parseHead(text) {
  const [requestLine = "", ...lines] = text.split("\r\n");
  const parts = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/u.exec(requestLine);
  if (parts === null) return undefined;
  /** @type {Record<string, string>} */
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { method: parts[1] ?? "", target: parts[2] ?? "", headers };
}
