import { answerText } from "./answer.mjs";
import { categoryOf, readEnvelope } from "./read-envelope.mjs";

/** @typedef {import("./accounting.mjs").ServerAccounting} ServerAccounting */
/** @typedef {import("./connection.mjs").Connection} Connection */
/** @typedef {import("./incoming-request.mjs").IncomingRequest} IncomingRequest */
/** @typedef {import("./read-envelope.mjs").Envelope} Envelope */

/** One request and what becomes of it. */
export class Exchange {
  /** @type {IncomingRequest} */
  request;
  /** @type {Connection} */
  connection;
  /** @type {ServerAccounting} */
  #accounting;
  /** @type {Envelope | undefined} */
  #envelope;
  #isProcessed = false;

  /**
   * @param {IncomingRequest} request
   * @param {{ connection: Connection; accounting: ServerAccounting }} parts
   */
  constructor(request, { connection, accounting }) {
    this.request = request;
    this.connection = connection;
    this.#accounting = accounting;
  }

  /** The category of the envelope, once it is whole; `default` where it is none. */
  get category() {
    return this.#envelope === undefined ? "default" : categoryOf(this.#envelope);
  }

  /** The body has come to its end. */
  complete() {
    this.#accounting.requests.whole += 1;
    this.#envelope = this.#read();
    if (this.#envelope !== undefined) this.#accounting.attempt(this.#envelope);
    this.request.end();
  }

  /** Takes the envelope: from here on it counts. */
  process() {
    if (this.#envelope === undefined || this.#isProcessed) return;
    this.#isProcessed = true;
    this.#accounting.process(this.#envelope);
  }

  /**
   * Writes text that is an answer, or the beginning of one with its status.
   * @param {number} status
   * @param {string} text
   */
  answer(status, text) {
    if (!this.connection.write(text)) return;
    this.#accounting.requests.answered += 1;
    if (this.#envelope === undefined) return;
    if (this.#isProcessed) this.#accounting.answer(this.#envelope);
    if (status === 429) this.#accounting.limit(this.#envelope);
  }

  /**
   * A whole answer, and the end of the exchange.
   * @param {import("./answer.mjs").Answer} answer
   * @param {"fin" | "half-close" | "rst"} [ending] of the connection, unannounced
   */
  respond(answer, ending) {
    this.answer(answer.status, answerText(answer));
    if (answer.connection === "close" || answer.connection === "http10") this.connection.close();
    else this.connection.next();
    if (ending !== undefined) this.connection.end(ending);
  }

  /** What Relay answers. */
  receipt() {
    return JSON.stringify(this.#envelope?.id === undefined ? {} : { id: this.#envelope.id });
  }

  #read() {
    const { method, target, headers } = this.request.head;
    try {
      if (method === "POST") return readEnvelope(this.request.body, headers["content-encoding"]);
    } catch (error) {
      this.#accounting.fault(`${method} ${target}: ${error.message}`);
    }
    return undefined;
  }
}
