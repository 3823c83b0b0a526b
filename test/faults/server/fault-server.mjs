import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { TLSSocket, createSecureContext } from "node:tls";

import { SSH_BANNER } from "./actions.mjs";
import { ServerAccounting } from "./accounting.mjs";
import { Connection } from "./connection.mjs";
import { Script } from "./script.mjs";

/** @typedef {import("node:net").Socket} Socket */
/** @typedef {import("../server-protocol.ts").ConnectionAction} ConnectionAction */
/** @typedef {import("../server-protocol.ts").FaultServerOptions} FaultServerOptions */

// Below the ports of outgoing connections: a client that connects to one of those while nobody
// listens may be given the same port for its own end, and is connected to itself.
const FIRST_PORT = 15_000;
const PORTS = 15_000;
const DEFAULT_REMEMBERED_IDS = 200_000;

/** An ingest server over raw sockets, so that it can misbehave at any byte. */
export class FaultServer {
  #accounting = new ServerAccounting(DEFAULT_REMEMBERED_IDS);
  #script = new Script({});
  #host = "127.0.0.1";
  #port = 0;
  #secureContext;
  #listener;
  /** @type {Set<Socket>} */
  #sockets = new Set();
  /** @type {Set<Connection>} */
  #connections = new Set();

  /** @param {FaultServerOptions} options */
  async start({ host = "127.0.0.1", port, tls, rememberedIds = DEFAULT_REMEMBERED_IDS }) {
    this.#accounting = new ServerAccounting(rememberedIds);
    this.#host = host;
    this.#secureContext = tls === undefined ? undefined : secureContextOf(tls);
    this.#port = port ?? randomPort();
    await this.listen().catch((error) => {
      if (port !== undefined || error.code !== "EADDRINUSE") throw error;
      return this.start({ host, tls, rememberedIds });
    });
    return { port: this.#port };
  }

  /** @param {import("../server-protocol.ts").FaultScript} script */
  script(script) {
    this.#script = new Script(script);
  }

  report() {
    return this.#accounting.report();
  }

  events() {
    return this.#accounting.events();
  }

  arrivals() {
    return this.#accounting.arrivals();
  }

  listen() {
    // Half-open, so that what arrives after a FIN of ours is still read.
    const listener = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#listener = listener;
    return new Promise((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(this.#port, this.#host, () => resolve(undefined));
    });
  }

  // The port is free at once; the connections that are there stay.
  stopListening() {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** @param {{ downMillis?: number }} options */
  async restart({ downMillis = 0 }) {
    this.stopListening();
    this.resetConnections();
    await delay(downMillis);
    await this.listen();
  }

  resetConnections() {
    for (const connection of this.#connections) connection.reset();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Closes all connections as the end of a process does. */
  end() {
    this.stopListening();
    for (const socket of this.#sockets) socket.destroy();
  }

  freezeConnections() {
    for (const connection of this.#connections) connection.freeze();
  }

  /** @param {Socket} raw */
  #accept(raw) {
    raw.setNoDelay(true);
    raw.on("error", ignore);
    this.#sockets.add(raw);
    this.#accounting.opened();
    raw.on("close", () => {
      this.#sockets.delete(raw);
      this.#accounting.closed();
    });
    this.#treat(raw, this.#script.onConnection());
  }

  /**
   * @param {Socket} raw
   * @param {ConnectionAction} action
   */
  #treat(raw, action) {
    if (action.kind === "accept") this.#serve(raw);
    else if (action.kind === "garbage") raw.resume().end(action.bytes ?? SSH_BANNER);
    else if (action.kind !== "never-read") this.#endSoon(raw, action);
  }

  // What comes meanwhile is not read.
  #endSoon(raw, { kind, afterMillis = 0 }) {
    setTimeout(() => {
      if (kind === "rst") {
        this.#accounting.connections.reset += 1;
        raw.resetAndDestroy();
      } else raw.resume().end();
    }, afterMillis);
  }

  #serve(raw) {
    const socket = this.#secureContext === undefined ? raw : this.#secure(raw);
    const connection = new Connection(
      { raw, socket },
      { accounting: this.#accounting, script: () => this.#script },
    );
    this.#connections.add(connection);
    raw.on("close", () => this.#connections.delete(connection));
  }

  #secure(raw) {
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: this.#secureContext,
      ALPNProtocols: ["http/1.1"],
      allowHalfOpen: true,
    });
    return socket.on("error", () => raw.destroy());
  }
}

function secureContextOf(name) {
  return createSecureContext({ cert: readFixture(name), key: readFixture("key") });
}

function readFixture(name) {
  return readFileSync(new URL(`../fixtures/${name}.pem`, import.meta.url));
}

function randomPort() {
  return FIRST_PORT + Math.floor(Math.random() * PORTS);
}

function ignore() {}
