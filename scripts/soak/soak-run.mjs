import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { clientViolations, payloadViolations, serverViolations } from "./violations.mjs";
import { startFaultServer } from "./fault-server.mjs";
import { GAUGES, look } from "./gauges.mjs";
import { trendOf } from "./growth.mjs";
import { randomBy } from "./random.mjs";
import { FaultInjector } from "./fault-injector.mjs";
import { Application, Workload } from "./workload.mjs";

/** @typedef {Record<string, number>} Look */

const MAX_CONNECTIONS = 12;
const SPOOL_MAX_FILES = 100;

// Short, so that all of them pass many times.
const TRANSPORT = {
  maxConnections: MAX_CONNECTIONS,
  connectTimeoutMillis: 300,
  headersTimeoutMillis: 400,
  bodyTimeoutMillis: 300,
  totalTimeoutMillis: 1000,
  idleTimeoutMillis: 250,
  maxConnectionAgeMillis: 2000,
  gzipThresholdBytes: 8192,
  proxy: false,
};

const LOOK_MILLIS = 3000;
// After this idle connections are closed, and answers that nobody waits for are given up.
const CALM_MILLIS = 700;
// One for what comes from the spool, and one more in its place.
const MAX_CALM_SOCKETS = 2;
const FLUSH_MILLIS = 20_000;
const DRAIN_MILLIS = 90_000;
const CALM_CAPTURES_PER_SECOND = 4;

/** A client with a spool and one without, for a time, against a server whose faults change all the time. */
export class SoakRun {
  /** What went wrong, in words. @type {string[]} */
  failures = [];
  /** Looks in calm, where what is left over can be seen. @type {Look[]} */
  looks = [];
  /** The highest of each gauge while there were faults. @type {Look} */
  peaks = {};
  looksInStorms = 0;
  /** @type {import("otel-sentry-bridge").ClientStats[]} */
  stats = [];
  /** @type {import("../../test/faults/server-protocol.ts").ServerReport | undefined} */
  report;
  faults;
  #options;
  #server;
  #applications;
  #workload;
  #spoolDirectory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-soak-"));

  /** @param {{ minutes: number; seed: number; rate: number }} options */
  constructor(options) {
    this.#options = options;
    const onError = (error) => this.failures.push(`not caught: ${error?.stack ?? error}`);
    process.on("unhandledRejection", onError).on("uncaughtException", onError);
  }

  async run() {
    try {
      await this.#start();
      await this.#alternate();
      await this.#drain();
      await this.#close();
    } catch (error) {
      this.failures.push(error.stack);
    } finally {
      await this.#server?.close();
      rmSync(this.#spoolDirectory, { recursive: true, force: true });
    }
  }

  /** How each gauge has moved from calm to calm. */
  trends() {
    return GAUGES.map((gauge) => ({
      gauge,
      ...trendOf(
        gauge,
        this.looks.map((each) => each[gauge]),
      ),
      peak: this.peaks[gauge],
    }));
  }

  async #start() {
    const { seed } = this.#options;
    this.#server = await startFaultServer();
    this.faults = new FaultInjector(this.#server, randomBy(seed));
    const { dsn } = this.#server;
    const spool = { directory: this.#spoolDirectory, maxFiles: SPOOL_MAX_FILES };
    const maxBufferedBytes = 2 * 1024 * 1024;
    this.#applications = [
      new Application({ dsn, maxBufferedBytes, transport: TRANSPORT, spool }),
      new Application({ dsn, maxBufferedBytes, transport: { ...TRANSPORT, retryOn5xx: true } }),
    ];
    this.#workload = new Workload(this.#applications, randomBy(seed + 1));
  }

  async #alternate() {
    const { minutes, rate } = this.#options;
    const end = performance.now() + minutes * 60_000;
    const stormMillis = Math.min(Math.max((minutes * 60_000) / 20, 1500), 60_000);
    while (performance.now() < end && this.failures.length === 0) {
      this.#workload.start(rate);
      await this.#storm(stormMillis);
      this.#workload.stop();
      await this.#calm();
    }
  }

  async #storm(millis) {
    const random = randomBy(this.#options.seed + this.looks.length);
    const end = performance.now() + millis;
    let nextLook = performance.now() + Math.min(LOOK_MILLIS, millis / 2);
    while (performance.now() < end) {
      await this.faults.change(random.between(300, 1300));
      if (performance.now() < nextLook) continue;
      nextLook = performance.now() + LOOK_MILLIS;
      this.#lookInStorm();
    }
  }

  async #calm() {
    await this.faults.heal();
    await this.#flush();
    await delay(CALM_MILLIS);
    const now = this.#look();
    this.looks.push(now);
    if (now.sockets > MAX_CALM_SOCKETS)
      this.failures.push(`${now.sockets} sockets of at most ${MAX_CALM_SOCKETS} in calm`);
    await this.faults.clear();
  }

  // Traffic goes on, since it is what tells a client that the server is back.
  async #drain() {
    await this.faults.heal();
    this.#workload.start(CALM_CAPTURES_PER_SECOND);
    const end = performance.now() + DRAIN_MILLIS;
    while (this.#spooled() > 0 && performance.now() < end) await delay(100);
    this.#workload.stop();
    if (this.#spooled() > 0)
      this.failures.push(
        `${this.#spooled()} items are in the spool ${DRAIN_MILLIS} ms after the end`,
      );
    await this.#calm();
  }

  async #close() {
    for (const application of this.#applications) await application.shutDown();
    for (const application of this.#applications) await application.close(FLUSH_MILLIS);
    await delay(CALM_MILLIS);
    const { sockets, spoolFiles } = this.#look();
    if (sockets > 0) this.failures.push(`${sockets} sockets are open after \`close\``);
    if (spoolFiles > 0) this.failures.push(`${spoolFiles} files are in the spool after the end`);
    this.stats = this.#applications.map(({ client }) => client.stats());
    this.report = await this.#server.call("report");
    this.failures.push(...serverViolations(this.stats, this.report));
    for (const { gauge, first, last, isGrowing } of this.trends())
      if (isGrowing) this.failures.push(`${gauge} grows: from ${first} to ${last}`);
  }

  async #flush() {
    const flushes = this.#applications.map(({ client }) => client.flush(FLUSH_MILLIS));
    for (const isFlushed of await Promise.all(flushes))
      if (!isFlushed) this.failures.push(`not flushed ${FLUSH_MILLIS} ms after the faults`);
    this.failures.push(...payloadViolations(await this.#server.call("report")));
  }

  #lookInStorm() {
    this.looksInStorms += 1;
    const now = this.#look();
    for (const gauge of GAUGES) this.peaks[gauge] = Math.max(this.peaks[gauge] ?? 0, now[gauge]);
    const most = MAX_CONNECTIONS * this.#applications.length;
    if (now.sockets > most) this.failures.push(`${now.sockets} sockets of at most ${most}`);
    // Each connection may bring one that is being written.
    const mostFiles = SPOOL_MAX_FILES + MAX_CONNECTIONS;
    if (now.spoolFiles > mostFiles)
      this.failures.push(`${now.spoolFiles} files of at most ${mostFiles} in the spool`);
  }

  // All of it in one turn, so that nothing happens meanwhile.
  #look() {
    for (const { client, captured } of this.#applications)
      this.failures.push(...clientViolations(client.stats(), captured));
    return look({ port: this.#server.port, spoolDirectory: this.#spoolDirectory });
  }

  #spooled() {
    return this.#applications.reduce((sum, { client }) => {
      const counts = Object.values(client.stats().byCategory);
      return counts.reduce((items, { spooled }) => items + spooled, sum);
    }, 0);
  }
}
