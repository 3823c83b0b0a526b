import { Exchange } from "./exchange.mjs";
import { IncomingRequest } from "./incoming-request.mjs";
import { perform } from "./actions.mjs";
import { RequestParser } from "./request-parser.mjs";

/** @typedef {import("node:net").Socket} Socket */
/** @typedef {import("./accounting.mjs").ServerAccounting} ServerAccounting */
/** @typedef {import("./script.mjs").Script} Script */

/** One connection on which requests are read, one after the other. */
export class Connection {
  /** The TCP socket, below TLS: only it can be reset. */
  #raw;
  #socket;
  /** @type {ServerAccounting} */
  #accounting;
  /** @type {() => Script} */
  #script;
  /** @type {RequestParser | undefined} */
  #parser;
  /** @type {Exchange | undefined} */
  #exchange;
  #requests = 0;
  #bytesPerSecond = Infinity;
  #isFrozen = false;
  #idleTimer;

  /**
   * @param {{ raw: Socket; socket: Socket }} sockets
   * @param {{ accounting: ServerAccounting; script: () => Script }} server
   */
  constructor({ raw, socket }, { accounting, script }) {
    this.#raw = raw;
    this.#socket = socket;
    this.#accounting = accounting;
    this.#script = script;
    this.#parser = new RequestParser({
      onHead: (head) => this.#begin(head),
      onBody: (chunk) => this.#exchange?.request.add(chunk),
      onEnd: () => this.#exchange?.complete(),
      onFault: (message) => this.#refuse(message),
    });
    socket.on("data", (chunk) => this.#read(chunk));
    // The client has nothing more to say: what is not answered yet need not be.
    socket.on("end", () => this.close());
    socket.on("close", () => clearTimeout(this.#idleTimer));
    this.#startIdleTimer();
  }

  /** Whether the client can still be told something. */
  get isWritable() {
    return this.#socket.writable && !this.#isFrozen;
  }

  /** Returns whether it could be written. */
  write(text) {
    return this.isWritable && (this.#socket.write(text), true);
  }

  /** The answer is out: the next request may come. */
  next() {
    this.#exchange = undefined;
    this.#bytesPerSecond = Infinity;
    this.#startIdleTimer();
    this.#parser?.next();
  }

  /** Ends it as `close()` does: FIN, and RST for what comes after it. */
  close() {
    this.#socket.destroySoon();
  }

  reset() {
    if (this.#raw.destroyed) return;
    this.#accounting.connections.reset += 1;
    this.#raw.resetAndDestroy();
    this.#socket.destroy();
  }

  /** FIN; what comes after it is read, and cannot be answered. */
  halfClose() {
    this.#socket.end();
  }

  /** @param {"fin" | "half-close" | "rst"} by */
  end(by) {
    if (by === "rst") this.reset();
    else if (by === "fin") this.close();
    else this.halfClose();
  }

  /** Nothing is read or written any more, and it stays open. */
  freeze() {
    this.#isFrozen = true;
    this.#socket.pause();
    clearTimeout(this.#idleTimer);
  }

  pause() {
    this.#socket.pause();
  }

  /** @param {number} [bytesPerSecond] */
  resume(bytesPerSecond = Infinity) {
    this.#bytesPerSecond = bytesPerSecond;
    if (!this.#isFrozen) this.#socket.resume();
  }

  /** Gives the socket away: what comes on it is no request. */
  detach() {
    this.#parser = undefined;
    this.#socket.removeAllListeners("data").removeAllListeners("end");
    return this.#socket;
  }

  #read(chunk) {
    this.#accounting.bytes.received += chunk.length;
    if (this.#isFrozen) return;
    this.#parser?.push(chunk);
    if (this.#bytesPerSecond === Infinity) return;
    this.#socket.pause();
    const millis = (chunk.length / this.#bytesPerSecond) * 1000;
    setTimeout(() => this.resume(this.#bytesPerSecond), millis);
  }

  #begin(head) {
    clearTimeout(this.#idleTimer);
    this.#requests += 1;
    this.#accounting.begun(this.#requests);
    const script = this.#script();
    const request = new IncomingRequest(head, {
      nth: script.nextRequest(),
      nthOnConnection: this.#requests,
    });
    this.#exchange = new Exchange(request, { connection: this, accounting: this.#accounting });
    void perform(script, this.#exchange);
  }

  #refuse(message) {
    this.#accounting.fault(message);
    this.close();
  }

  #startIdleTimer() {
    const { idle } = this.#script();
    if (idle === undefined || !this.isWritable) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.end(idle.by), idle.afterMillis);
  }
}
