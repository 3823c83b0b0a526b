/** @typedef {import("./request-parser.mjs").RequestHead} RequestHead */

/** One request while it comes in. */
export class IncomingRequest {
  /** @type {RequestHead} */
  head;
  /** Counted from 1, since the script was set. */
  nth;
  /** Counted from 1. */
  nthOnConnection;
  /** @type {Buffer[]} */
  #chunks = [];
  #bytes = 0;
  #isWhole = false;
  /** @type {{ bytes: number; resolve: () => void }[]} */
  #waiters = [];

  /**
   * @param {RequestHead} head
   * @param {{ nth: number; nthOnConnection: number }} numbers
   */
  constructor(head, { nth, nthOnConnection }) {
    this.head = head;
    this.nth = nth;
    this.nthOnConnection = nthOnConnection;
  }

  /** All of it that has come. */
  get body() {
    return Buffer.concat(this.#chunks);
  }

  /** @param {Buffer} chunk */
  add(chunk) {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake();
  }

  end() {
    this.#isWhole = true;
    this.#wake();
  }

  /**
   * Resolves when the request has come so far; never, if it does not.
   * @param {import("../server-protocol.ts").RequestPoint} point
   * @returns {Promise<void>}
   */
  reached(point = "body") {
    const bytes = typeof point === "object" ? point.bodyBytes : Infinity;
    if (point === "head" || this.#isWhole || this.#bytes >= bytes) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ bytes, resolve });
    });
  }

  #wake() {
    const isDue = ({ bytes }) => this.#isWhole || this.#bytes >= bytes;
    const due = this.#waiters.filter(isDue);
    this.#waiters = this.#waiters.filter((waiter) => !isDue(waiter));
    for (const { resolve } of due) resolve();
  }
}
