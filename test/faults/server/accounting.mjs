import { EventLog, addTo } from "./event-log.mjs";
import { quantitiesOf, reportsOf } from "./read-envelope.mjs";

/** @typedef {import("./read-envelope.mjs").Envelope} Envelope */
/** @typedef {import("../server-protocol.ts").ServerReport} ServerReport */

const MAX_FAULTS = 20;
const MAX_ARRIVALS = 100_000;

/** All that the server has seen since its start, in bounded memory. */
export class ServerAccounting {
  connections = { opened: 0, open: 0, peak: 0, reset: 0 };
  requests = { begun: 0, whole: 0, answered: 0 };
  bytes = { received: 0, decoded: 0 };
  /** @type {Map<number, number>} */
  #byRequests = new Map();
  #envelopes = 0;
  /** @type {Record<string, number>} */
  #items = {};
  /** @type {EventLog} */
  #events;
  /** @type {import("../server-protocol.ts").Quantities} */
  #limited = {};
  #reports = { count: 0, repeated: 0, quantities: {} };
  /** @type {string[]} */
  #faults = [];
  /** @type {number[]} */
  #arrivals = [];
  /** @type {number | undefined} */
  #firstRequestAt;

  /** @param {number} rememberedIds */
  constructor(rememberedIds) {
    this.#events = new EventLog(rememberedIds);
  }

  opened() {
    const { connections } = this;
    connections.opened += 1;
    connections.open += 1;
    connections.peak = Math.max(connections.peak, connections.open);
    this.#byRequests.set(0, (this.#byRequests.get(0) ?? 0) + 1);
  }

  closed() {
    this.connections.open -= 1;
  }

  /**
   * A request has begun, the nth one of its connection.
   * @param {number} nthOnConnection
   */
  begun(nthOnConnection) {
    const now = nowMillis();
    this.requests.begun += 1;
    this.#firstRequestAt ??= now;
    if (this.#arrivals.push(now) > 2 * MAX_ARRIVALS) this.#arrivals.splice(0, MAX_ARRIVALS);
    const before = nthOnConnection - 1;
    this.#byRequests.set(before, (this.#byRequests.get(before) ?? 0) - 1);
    this.#byRequests.set(nthOnConnection, (this.#byRequests.get(nthOnConnection) ?? 0) + 1);
  }

  /** @param {Envelope} envelope */
  attempt(envelope) {
    this.#events.attempt(envelope);
  }

  /** @param {Envelope} envelope */
  process(envelope) {
    this.#envelopes += 1;
    this.bytes.decoded += envelope.bytes;
    for (const { type } of envelope.items) this.#items[type] = (this.#items[type] ?? 0) + 1;
    const isFirst = this.#events.process(envelope);
    for (const entries of reportsOf(envelope)) this.#report(entries, isFirst);
  }

  /** @param {Envelope} envelope that was processed */
  answer(envelope) {
    this.#events.answer(envelope);
  }

  /** @param {Envelope} envelope */
  limit(envelope) {
    addTo(this.#limited, quantitiesOf(envelope));
  }

  /** @param {string} message */
  fault(message) {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(message);
  }

  events() {
    return this.#events.seen();
  }

  arrivals() {
    return this.#arrivals.slice(-MAX_ARRIVALS);
  }

  /** @returns {ServerReport} */
  report() {
    const byRequests = [...this.#byRequests].filter(([, connections]) => connections > 0);
    return {
      connections: { ...this.connections, byRequests: Object.fromEntries(byRequests) },
      requests: { ...this.requests },
      bytes: { ...this.bytes },
      envelopes: this.#envelopes,
      items: { ...this.#items },
      events: this.#events.counts(),
      processed: { ...this.#events.processed },
      unanswered: { ...this.#events.unanswered },
      limited: { ...this.#limited },
      reports: structuredClone(this.#reports),
      faults: [...this.#faults],
      firstRequestAt: this.#firstRequestAt,
      lastRequestAt: this.#arrivals.at(-1),
    };
  }

  #report(entries, isFirst) {
    this.#reports.count += 1;
    if (!isFirst) {
      this.#reports.repeated += 1;
      return;
    }
    for (const { category, reason, quantity } of entries) {
      addTo((this.#reports.quantities[category] ??= {}), { [reason]: quantity });
    }
  }
}

// The same clock in all processes of the machine.
function nowMillis() {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
