import { hashOf, quantitiesOf } from "./read-envelope.mjs";

/** @typedef {import("./read-envelope.mjs").Envelope} Envelope */
/** @typedef {import("../server-protocol.ts").Quantities} Quantities */
/** @typedef {import("../server-protocol.ts").SeenEvent} SeenEvent */

/** @typedef {SeenEvent & { quantities: Quantities }} EventEntry */

/**
 * What became of each event id. The oldest ids are forgotten, so that memory stays bounded; the sums
 * are kept.
 */
export class EventLog {
  #maxIds;
  /** @type {Map<string, EventEntry>} */
  #entries = new Map();
  #unique = 0;
  #duplicates = 0;
  #differing = 0;
  #unanswered = 0;
  #maxAttempts = 0;
  #forgotten = 0;
  /** @type {Quantities} */
  processed = {};
  /** @type {Quantities} */
  unanswered = {};

  /** @param {number} maxIds */
  constructor(maxIds) {
    this.#maxIds = maxIds;
  }

  /**
   * Notes that the envelope was read whole.
   * @param {Envelope} envelope
   */
  attempt(envelope) {
    const entry = this.#entryOf(envelope);
    entry.attempts += 1;
    this.#maxAttempts = Math.max(this.#maxAttempts, entry.attempts);
  }

  /**
   * Notes that it was processed. Returns whether it was for the first time.
   * @param {Envelope} envelope
   */
  process(envelope) {
    const entry = this.#entryOf(envelope);
    const hash = hashOf(envelope);
    entry.processed += 1;
    if (entry.processed > 1) {
      this.#duplicates += 1;
      if (entry.hash !== hash) this.#differing += 1;
      return false;
    }
    entry.hash = hash;
    entry.quantities = quantitiesOf(envelope);
    this.#unique += 1;
    this.#unanswered += 1;
    addTo(this.processed, entry.quantities);
    addTo(this.unanswered, entry.quantities);
    return true;
  }

  /**
   * Notes that an envelope that was processed was answered as well.
   * @param {Envelope} envelope
   */
  answer(envelope) {
    const entry = this.#entryOf(envelope);
    entry.answered += 1;
    if (entry.answered > 1) return;
    this.#unanswered -= 1;
    addTo(this.unanswered, entry.quantities, -1);
  }

  /** @returns {import("../server-protocol.ts").ServerReport["events"]} */
  counts() {
    return {
      unique: this.#unique,
      duplicates: this.#duplicates,
      differing: this.#differing,
      unanswered: this.#unanswered,
      maxAttempts: this.#maxAttempts,
      forgotten: this.#forgotten,
    };
  }

  /** @returns {Record<string, SeenEvent>} */
  seen() {
    return Object.fromEntries(
      [...this.#entries].map(([id, { attempts, processed, answered, hash }]) => [
        id,
        { attempts, processed, answered, hash },
      ]),
    );
  }

  // What has no id is like nothing else.
  #entryOf(envelope) {
    const known = envelope.id === undefined ? envelope.entry : this.#entries.get(envelope.id);
    if (known !== undefined) return known;
    const entry = { attempts: 0, processed: 0, answered: 0, hash: undefined, quantities: {} };
    if (envelope.id === undefined) envelope.entry = entry;
    else this.#remember(envelope.id, entry);
    return entry;
  }

  #remember(id, entry) {
    this.#entries.set(id, entry);
    if (this.#entries.size <= this.#maxIds) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest);
    this.#forgotten += 1;
  }
}

/**
 * Adds up by category; what comes to nothing is left out.
 * @param {Quantities} sums
 * @param {Quantities} quantities
 * @param {number} [factor]
 */
export function addTo(sums, quantities, factor = 1) {
  for (const [category, quantity] of Object.entries(quantities)) {
    const sum = (sums[category] ?? 0) + factor * quantity;
    if (sum === 0) delete sums[category];
    else sums[category] = sum;
  }
}
