import { setTimeout as delay } from "node:timers/promises";

import { randomScript } from "./fault-scripts.mjs";

/** @typedef {import("./fault-server.mjs").FaultServer} FaultServer */
/** @typedef {import("./random.mjs").Random} Random */

// Of the changes that are no script: the server, or its connections, as a whole.
const EVENT_SHARE = 0.25;

// Connections that the server does not read any more do not see the client's end of them.
const MAX_LEFT_BEHIND = 500;

/** Injects changing faults into the server, and counts them by kind. */
export class FaultInjector {
  #server;
  #random;
  #isRefusing = false;
  /** @type {Map<string, number>} */
  #seen = new Map();

  /**
   * @param {FaultServer} server
   * @param {Random} random
   */
  constructor(server, random) {
    this.#server = server;
    this.#random = random;
  }

  get changes() {
    return [...this.#seen.values()].reduce((sum, count) => sum + count, 0);
  }

  get kinds() {
    return this.#seen.size;
  }

  /** Injects other faults for `millis` milliseconds. */
  async change(millis) {
    const end = performance.now() + millis;
    if (this.#isRefusing) await this.#listen();
    const { names, script } = randomScript(this.#random);
    await this.#server.call("script", script);
    for (const name of names) this.#note(name);
    if (this.#random.chance(EVENT_SHARE)) await this.#strike(millis);
    await delay(Math.max(0, end - performance.now()));
  }

  /** All is well from here on. */
  async heal() {
    if (this.#isRefusing) await this.#listen();
    await this.#server.call("script", {});
  }

  /**
   * Ends what faults have left behind at the server, once it is much. Not each time: it would also end
   * what a client has forgotten to close.
   */
  async clear() {
    const { connections } = await this.#server.call("report");
    if (connections.open > MAX_LEFT_BEHIND) await this.#server.call("resetConnections");
  }

  async #strike(millis) {
    const events = {
      "a restart": () =>
        this.#server.call("restart", { downMillis: this.#random.between(0, millis) }),
      "nobody listens": () => this.#refuse(),
      "all connections reset": () => this.#server.call("resetConnections"),
      "all connections forgotten": () => this.#server.call("freezeConnections"),
      "the process stands still": () => this.#stop(millis),
    };
    const name = this.#random.pick(Object.keys(events));
    this.#note(name);
    await events[name]();
  }

  async #refuse() {
    this.#isRefusing = true;
    await this.#server.call("stopListening");
    if (this.#random.chance(0.7)) await this.#server.call("resetConnections");
  }

  async #listen() {
    await this.#server.call("listen");
    this.#isRefusing = false;
  }

  async #stop(millis) {
    this.#server.pause();
    await delay(millis);
    this.#server.resume();
  }

  #note(name) {
    this.#seen.set(name, (this.#seen.get(name) ?? 0) + 1);
  }
}
