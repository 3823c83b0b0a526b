import { Fifo } from "../../support/collections.js";
import type { Timers } from "../../support/time.js";
import { IdleCutOff } from "./connection-cut-off.js";
import { NO_COUNTS } from "./connection-types.js";
import { DeadlineError, UnansweredError, closedError, exitError } from "./send-failures.js";
import type {
  ConnectionCounts,
  ConnectionTimes,
  Dialling,
  UntriedScheme,
} from "./connection-types.js";
import { ReuseTrust } from "./connection-reuse.js";
import { Connection } from "./connection.js";
import type { ConnectionHost } from "./connection.js";
import { DeadlineWatch } from "./deadline-watch.js";
import type { Exchange } from "./exchange.js";
import { ExitWatch } from "./exit-watch.js";

// How long a response body may arrive after its headers; most arrive together. A late body must not hold up the next
// envelope, but opening a connection costs more than this.
const BODY_GRACE_MILLIS = 20;

// A request with less time left before its deadline is not sent at all.
const LEAST_MILLIS = 10;

/** Dependencies and limits of a pool. */
interface ConnectionPoolSettings {
  readonly maxConnections: number;
  readonly times: ConnectionTimes;
  readonly dial: () => Dialling;
  readonly timers: Timers;
  readonly untriedScheme: UntriedScheme;
  /** Host and port of the server, for messages. */
  readonly server: string;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Wall clock, in milliseconds. */
  readonly wallNow: () => number;
}

/**
 * The kept connections to one server. Each exchange gets the most recently used connection, so that a few stay warm and
 * the others close.
 */
export class ConnectionPool implements ConnectionHost {
  readonly times: ConnectionTimes;
  readonly cutOff: IdleCutOff;
  readonly reuse: ReuseTrust = new ReuseTrust();
  readonly tally: { -readonly [Name in keyof ConnectionCounts]: number } = { ...NO_COUNTS };
  untriedScheme: UntriedScheme;
  readonly server: string;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly #settings: ConnectionPoolSettings;
  readonly #deadlines: DeadlineWatch;
  readonly #exitWatch: ExitWatch;
  readonly #connections = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting = new Fifo<Exchange>();
  #writing: Connection[] = [];
  #isClosed = false;

  constructor(settings: ConnectionPoolSettings) {
    this.#settings = settings;
    this.times = settings.times;
    this.untriedScheme = settings.untriedScheme;
    this.server = settings.server;
    this.now = settings.now;
    this.wallNow = settings.wallNow;
    this.cutOff = new IdleCutOff(settings.times.idle);
    this.#deadlines = new DeadlineWatch({
      timers: settings.timers,
      now: settings.now,
      onDue: (now) => this.#endDue(now),
    });
    this.#exitWatch = new ExitWatch({
      timers: settings.timers,
      isBusy: () => [...this.#connections].some(({ isBusy }) => isBusy),
      onBlockingExit: () => this.#abortBlocking(),
    });
  }

  /** Sends an exchange as soon as a connection is free. Every exchange gets an outcome. */
  submit(exchange: Exchange): void {
    if (this.#isClosed) return exchange.fail(closedError(), "refused");
    if (!this.#exitWatch.mayStart()) return exchange.fail(exitError(), "connect");
    const now = this.now();
    const connection = this.#waiting.size === 0 ? this.#connectionFor(exchange, now) : undefined;
    if (connection !== undefined) return connection.carry(exchange, now);
    this.#waiting.push(exchange);
    this.watch(exchange.terms.deadlineAt);
  }

  /** Fails all exchanges; resolves once the sockets are closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#deadlines.stop();
    this.#exitWatch.stop();
    const connections = [...this.#connections];
    for (const connection of connections) connection.giveUp(closedError(), "refused");
    for (const exchange of this.#takeWaiting()) exchange.fail(closedError(), "refused");
    await Promise.all(connections.map((connection) => connection.closed()));
  }

  dial(): Dialling {
    return this.#settings.dial();
  }

  watch(deadlineAt: number): void {
    if (!this.#isClosed) this.#deadlines.add(deadlineAt);
  }

  drains(since: number): void {
    if (this.#waiting.size > 0) this.watch(since + BODY_GRACE_MILLIS);
  }

  onFree(connection: Connection, now: number): void {
    if (this.reuse.isSpent(connection, now)) return connection.close();
    this.#idle.push(connection);
    if (this.#waiting.size > 0) this.#pump();
  }

  onGone(connection: Connection): void {
    this.#connections.delete(connection);
    const index = this.#idle.lastIndexOf(connection);
    if (index !== -1) this.#leaveIdle(index);
    if (this.#waiting.size > 0) queueMicrotask(() => this.#pump());
  }

  writeSoon(connection: Connection): void {
    if (this.#writing.push(connection) === 1) this.#settings.timers.soon(this.#writeAll);
  }

  // Before all others: it has waited longest, and late requests are looked for at the front only.
  retake(exchange: Exchange): void {
    if (!this.#exitWatch.mayStart()) return exchange.fail(exitError(), "connect");
    exchange.wantsNew = true;
    this.#waiting.unshift(exchange);
    this.watch(exchange.terms.deadlineAt);
    this.#pump();
  }

  /** The error of the exchange that has waited longest for a response; undefined if there is none. */
  get unanswered(): UnansweredError | undefined {
    const carried = [...this.#connections].flatMap(({ unanswered }) => unanswered ?? []);
    const [first, ...others] = carried.length > 0 ? carried : this.#waiting;
    if (first === undefined) return undefined;
    return this.#unansweredError(
      others.reduce((a, b) => (b.terms.startedAt < a.terms.startedAt ? b : a), first),
    );
  }

  #unansweredError({ isWritten, terms }: Exchange): UnansweredError {
    return new UnansweredError(isWritten, this.now() - terms.startedAt);
  }

  // Aborts everything that keeps the process alive.
  #abortBlocking(): void {
    for (const exchange of this.#takeWaiting())
      exchange.fail(this.#unansweredError(exchange), "connect");
    for (const connection of this.#connections) {
      const { isBusy, unanswered } = connection;
      if (isBusy) connection.giveUp(unanswered ? this.#unansweredError(unanswered) : exitError());
    }
  }

  readonly #writeAll = (): void => {
    const writing = this.#writing;
    this.#writing = [];
    for (const connection of writing) connection.write();
  };

  #pump(): void {
    const now = this.now();
    this.#dropLate(now);
    for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
      const connection = this.#connectionFor(next, now);
      if (connection === undefined) return;
      this.#waiting.shift();
      connection.carry(next, now);
    }
  }

  #connectionFor(exchange: Exchange, now: number): Connection | undefined {
    const kept = exchange.wantsNew ? undefined : this.#takeIdle(now);
    if (kept !== undefined) return kept;
    if (!exchange.wantsNew && this.#waitsForScout(now)) return undefined;
    if (this.#isFull()) (this.#idle[0] ?? this.#longestDraining(now))?.close();
    return this.#isFull() ? undefined : this.#open();
  }

  #takeIdle(now: number): Connection | undefined {
    for (let index = this.#idle.length - 1; index >= 0; index -= 1) {
      const connection = this.#idle[index];
      if (connection === undefined) continue;
      if (!connection.isReusable(now)) {
        connection.close();
      } else if (this.reuse.allows(connection, now)) {
        this.#leaveIdle(index);
        return connection;
      }
    }
    return undefined;
  }

  // Searched from the end, because it is nearly always the last one.
  #leaveIdle(index: number): void {
    if (index === this.#idle.length - 1) this.#idle.pop();
    else this.#idle.splice(index, 1);
  }

  #waitsForScout(now: number): boolean {
    if (this.#idle.length === 0) return false;
    const until = this.reuse.waitsUntil();
    if (until === undefined || now >= until) return false;
    this.watch(until);
    return true;
  }

  #isFull(): boolean {
    return this.#connections.size >= this.#settings.maxConnections;
  }

  #longestDraining(now: number): Connection | undefined {
    let longest: Connection | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const connection of this.#connections) {
      const since = connection.drainsSince ?? Number.POSITIVE_INFINITY;
      if (since < earliest) [longest, earliest] = [connection, since];
    }
    if (now - earliest >= BODY_GRACE_MILLIS) return longest;
    if (longest !== undefined) this.watch(earliest + BODY_GRACE_MILLIS);
    return undefined;
  }

  #open(): Connection {
    const connection = new Connection(this);
    this.#connections.add(connection);
    return connection;
  }

  #endDue(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const connection of this.#connections) {
      if (connection.deadlineAt <= now) connection.expire();
      else next = Math.min(next, connection.deadlineAt);
    }
    if (this.#waiting.size > 0) this.#pump();
    return Math.min(next, this.#waiting.first?.terms.deadlineAt ?? next);
  }

  // All requests have the same total time, so the oldest is due first. A request without enough time left is not sent:
  // if it were given up afterwards, it would be unknown whether it arrived.
  #dropLate(now: number): void {
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      if (first.terms.deadlineAt - now > LEAST_MILLIS) return;
      this.#waiting.shift();
      first.fail(new DeadlineError("free connection"), "connect");
    }
  }

  #takeWaiting(): Exchange[] {
    const taken = [...this.#waiting];
    while (this.#waiting.size > 0) this.#waiting.shift();
    return taken;
  }
}
