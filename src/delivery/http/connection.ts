import type { Socket } from "node:net";

import type { IdleCutOff } from "./connection-cut-off.js";
import { DeadlineError } from "./send-failures.js";
import type {
  ConnectionCounts,
  ConnectionTimes,
  Dialling,
  ProtocolClient,
  ProtocolClientEvents,
  UntriedScheme,
  SocketCallback,
} from "./connection-types.js";
import { readHints } from "./exchange.js";
import type { Carrier, Exchange, ResponseHeaders } from "./exchange.js";
import type { SocketNotes, ContinueFilter } from "./connection-socket.js";
import { watchSocket, filterContinue } from "./connection-socket.js";
import type { KeptConnection, ReuseTrust } from "./connection-reuse.js";
import { UnexplainedEndError, plainEnd } from "./tls-failures.js";
import type { FailurePhase } from "../transport.js";

/** The methods of a pool that its connections call. */
export interface ConnectionHost {
  readonly times: ConnectionTimes;
  readonly cutOff: IdleCutOff;
  readonly reuse: ReuseTrust;
  readonly tally: { -readonly [Name in keyof ConnectionCounts]: number };
  untriedScheme: UntriedScheme;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Wall clock, in milliseconds. */
  readonly wallNow: () => number;
  dial(): Dialling;
  openClient(events: ProtocolClientEvents): ProtocolClient;
  /** Makes sure that all deadlines are checked at this time. */
  watch(deadlineAt: number): void;
  /** Reports that the exchange has had its outcome since this time, and only its body is still to come. */
  drains(since: number): void;
  isFree(connection: Connection, now: number): void;
  isGone(connection: Connection): void;
  /** Sends an exchange again if no part of it was written to a kept connection. */
  retake(exchange: Exchange): void;
}

type Stage = "closed" | "connecting" | "draining" | "idle" | "sending";

/**
 * One connection, which carries one exchange at a time. A lost connection is never reopened, so everything that is
 * recorded here describes one socket.
 */
export class Connection implements Carrier, KeptConnection {
  /** Deadline of the current stage. */
  deadlineAt: number = Number.POSITIVE_INFINITY;
  readonly #host: ConnectionHost;
  readonly #client: ProtocolClient;
  #stage: Stage = "connecting";
  #dialling: Dialling | undefined;
  #socket: Socket | undefined;
  #continues: ContinueFilter | undefined;
  #exchange: Exchange | undefined;
  #notes: SocketNotes | undefined;
  #served = 0;
  #connectedAt = 0;
  #idleSince = 0;
  #idleSinceOnWall = 0;
  // How long the connection was idle before the current exchange.
  #pause = 0;
  #answeredAt = 0;
  #keepMillis: number;
  #isLast = false;
  #closing: Promise<void> | undefined;

  constructor(host: ConnectionHost) {
    this.#host = host;
    this.#keepMillis = host.times.idle;
    this.#client = host.openClient({
      connect: (done) => this.#connect(done),
      gone: (error) => this.#lost(error),
    });
  }

  get isReused(): boolean {
    return this.#served > 0;
  }

  get served(): number {
    return this.#served;
  }

  get isSending(): boolean {
    return this.#stage === "sending";
  }

  /** The exchange that has no response yet. */
  get unanswered(): Exchange | undefined {
    return this.#stage === "connecting" || this.#stage === "sending" ? this.#exchange : undefined;
  }

  /** True while a pending connect or write keeps the process alive. */
  get isBusy(): boolean {
    return this.#stage === "connecting" || (this.#socket?.writableLength ?? 0) > 0;
  }

  /** Time since which only the rest of a response is awaited; undefined if none is. */
  get drainsSince(): number | undefined {
    return this.#stage === "draining" ? this.#answeredAt : undefined;
  }

  /**
   * Tells whether the connection may carry another exchange. A monotonic clock may stand still while a machine is
   * suspended, so the wall clock is checked as well; if that clock jumps, it costs only a connection.
   */
  isReusable(now: number): boolean {
    const { cutOff, times, wallNow } = this.#host;
    const isOpen = this.#socket?.writable === true && !this.#socket.readableEnded;
    if (!isOpen || this.#stage !== "idle" || now - this.#connectedAt >= times.age) return false;
    const bound = Math.min(this.#keepMillis, cutOff.at(now));
    return now - this.#idleSince < bound && wallNow() - this.#idleSinceOnWall < bound;
  }

  carry(exchange: Exchange, now: number): void {
    const isConnected = this.#socket !== undefined;
    const { connect, headers } = this.#host.times;
    exchange.carryBy(this);
    this.#exchange = exchange;
    this.#pause = now - this.#idleSince;
    if (isConnected) this.#stage = "sending";
    if (this.isReused) this.#host.reuse.uses(this, now);
    this.#continues?.expectAnswer();
    this.#endsAt(Math.min(now + (isConnected ? headers : connect), exchange.terms.deadlineAt));
    this.#client.dispatch(exchange.request, exchange);
  }

  written(): void {
    const { now, tally, times } = this.#host;
    const { request, terms } = this.#exchange ?? {};
    if (request === undefined || terms === undefined) return;
    tally.bytesSent += request.body.length;
    if (this.isReused) tally.requestsOverKeptConnections += 1;
    this.#stage = "sending";
    this.#endsAt(Math.min(now() + times.headers, terms.deadlineAt));
  }

  answered(headers: ResponseHeaders): void {
    if (this.#stage === "closed") return;
    this.#host.untriedScheme = undefined;
    if (this.isReused) {
      this.#host.cutOff.survived(this.#pause);
      this.#host.reuse.answered(this.#served);
    }
    this.#stage = "draining";
    this.#answeredAt = this.#host.now();
    this.#endsAt(this.#answeredAt + this.#host.times.body);
    this.#readHints(headers);
    this.#host.drains(this.#answeredAt);
  }

  ended(): void {
    if (this.#stage === "closed") return;
    this.#served += 1;
    this.#exchange = undefined;
    if (this.#isLast) return this.close();
    this.#stage = "idle";
    this.#idleSince = this.#host.now();
    this.#idleSinceOnWall = this.#host.wallNow();
    this.#endsAt(this.#idleSince + this.#keepMillis);
    this.#host.isFree(this, this.#idleSince);
  }

  failed(error: unknown, undecided: Exchange | undefined): void {
    if (this.#stage === "closed") return undecided?.fail(error);
    const reason = this.#reasonOf(error);
    this.#exchange = undefined;
    if (this.#continues?.hasBegun === true) undecided?.onResponseStarted();
    if (undecided !== undefined) this.#learn(undecided);
    this.close();
    if (undecided === undefined) return;
    if (this.isReused && !undecided.isWritten) this.#host.retake(undecided);
    else undecided.fail(reason);
  }

  /** Ends the connection because its current stage has taken too long. */
  expire(): void {
    this.giveUp(new DeadlineError(this.#exchange?.isWritten === true));
  }

  /** Ends the connection, and fails an exchange that has no response. */
  giveUp(reason: Error): void {
    if (this.#stage === "connecting" || this.#stage === "sending") {
      const isWritten = this.#exchange?.isWritten === true;
      this.#exchange?.fail(reason, isWritten ? "timeout" : "connect");
    }
    this.close();
  }

  /** Fails the exchange as having reached this phase, and closes the connection. Idempotent. */
  shut(reason: Error, phase: FailurePhase): void {
    this.#exchange?.fail(reason, phase);
    this.close();
  }

  close(): void {
    if (this.#stage === "closed") return;
    this.#stage = "closed";
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#host.isGone(this);
    const reason = new Error("the connection is closed");
    this.#exchange?.abort(reason);
    this.#exchange = undefined;
    this.#dialling?.abort(reason);
    this.#closing = this.#destroy(reason);
  }

  /** Resolves once the socket is closed. */
  closed(): Promise<void> {
    return this.#closing ?? Promise.resolve();
  }

  // Deferred, because undici continues to use its own state after each of its callbacks.
  async #destroy(reason: Error): Promise<void> {
    await Promise.resolve();
    await this.#client.destroy(reason).catch(() => undefined);
  }

  #endsAt(deadlineAt: number): void {
    this.deadlineAt = deadlineAt;
    this.#host.watch(deadlineAt);
  }

  // When the socket closes, undici would reconnect for a request that it has not written. Refuse a new socket, so that
  // the request returns to the pool.
  #connect(done: SocketCallback): void {
    const isFirst = this.#dialling === undefined && this.#stage !== "closed";
    if (!isFirst) return queueMicrotask(() => done(new Error("the connection is gone")));
    this.#dialling = this.#host.dial();
    this.#hand(this.#dialling.socket, done).catch((error: unknown) => this.giveUp(asError(error)));
  }

  async #hand(dialled: Promise<Socket>, done: SocketCallback): Promise<void> {
    const socket = await dialled.catch(asError);
    if (socket instanceof Error) return done(socket);
    this.#connected(socket);
    done(null, socket);
  }

  #connected(socket: Socket): void {
    const { now, tally } = this.#host;
    this.#socket = socket;
    this.#notes = watchSocket(socket);
    if (!this.#notes.isHttp2) this.#continues = filterContinue(socket);
    this.#connectedAt = now();
    this.#idleSince = this.#connectedAt;
    tally.connectionsOpened += 1;
    tally.connectionsOpen += 1;
    socket.once("close", () => (tally.connectionsOpen -= 1));
  }

  #lost(error: Error): void {
    if (this.#stage === "closed") return;
    if (this.#stage === "idle" && isEndedByServer(error)) {
      const now = this.#host.now();
      this.#host.cutOff.learn(now - this.#idleSince, now, this.#connectedAt);
    }
    // An unwritten request returns to the pool once undici has been refused a new socket.
    const isHeld = this.#stage === "sending" && this.#exchange?.isWritten === false;
    if (!isHeld) this.close();
  }

  #reasonOf(error: unknown): unknown {
    const { isTls13 = false, refusal } = this.#notes ?? {};
    if (refusal !== undefined) return refusal;
    const scheme = this.#exchange?.isWritten === true ? this.#host.untriedScheme : undefined;
    if (scheme === "http") return plainEnd(error);
    return scheme === "https" && isTls13 ? new UnexplainedEndError(error) : error;
  }

  #learn(exchange: Exchange): void {
    if (!this.isReused || exchange.isAnswering || exchange.isUnseen) return;
    const { cutOff, now, reuse } = this.#host;
    cutOff.learnFromLoss(this.#pause, now(), this.#connectedAt);
    if (exchange.isWritten) reuse.lost(this, now(), this.#connectedAt);
  }

  #readHints(headers: ResponseHeaders): void {
    const { isLast, keepMillis } = readHints(headers);
    if (isLast) this.#isLast = true;
    if (keepMillis !== undefined) this.#keepMillis = Math.min(this.#host.times.idle, keepMillis);
  }
}

// Reasons that undici itself sets, such as an idle time-out, have an informational code.
function isEndedByServer(error: Error): boolean {
  return !("code" in error && error.code === "UND_ERR_INFO");
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
