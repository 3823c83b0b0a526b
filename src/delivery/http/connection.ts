import type { IdleCutOff } from "./connection-cut-off.js";
import { DeadlineError } from "./send-failures.js";
import type {
  ConnectionCounts,
  ConnectionTimes,
  Dialling,
  UntriedScheme,
} from "./connection-types.js";
import type { Exchange } from "./exchange.js";
import type { KeptConnection, ReuseTrust } from "./connection-reuse.js";
import type { RequestSocketEvents } from "./request-socket.js";
import { RequestSocket } from "./request-socket.js";
import type { ResponseHead } from "./response-head.js";
import {
  UnexplainedEndError,
  isCertificateFailure,
  namedFailure,
  plainEnd,
} from "./tls-failures.js";
import type { FailurePhase } from "../transport.js";

/** The pool as its connections see it. */
export interface ConnectionHost {
  readonly times: ConnectionTimes;
  readonly cutOff: IdleCutOff;
  readonly reuse: ReuseTrust;
  readonly tally: { -readonly [Name in keyof ConnectionCounts]: number };
  untriedScheme: UntriedScheme;
  /** Host and port of the server, for messages. */
  readonly server: string;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Wall clock, in milliseconds. */
  readonly wallNow: () => number;
  dial(): Dialling;
  /** Asks for a check of all deadlines at this time. */
  watch(deadlineAt: number): void;
  /** Reports that the exchange got its outcome at this time, and that only the response's body is still to come. */
  drains(since: number): void;
  /** Called when a connection can carry another exchange. */
  onFree(connection: Connection, now: number): void;
  /** Called when a connection has been closed or lost. */
  onGone(connection: Connection): void;
  /** Lets a connection write its request after the sockets have been read once more. */
  writeSoon(connection: Connection): void;
  /** Sends an exchange over a new connection, since nothing of it was written to a kept one. */
  retake(exchange: Exchange): void;
}

const CLOSED = new Error("the connection is closed");

type Stage = "closed" | "connecting" | "draining" | "idle" | "sending";

/**
 * One connection, which carries one exchange at a time. A lost connection is never reopened, so everything that is
 * recorded here describes one socket.
 */
export class Connection implements KeptConnection, RequestSocketEvents {
  /** Deadline of the current stage. */
  deadlineAt: number = Number.POSITIVE_INFINITY;
  readonly #host: ConnectionHost;
  readonly #dialling: Dialling;
  #stage: Stage = "connecting";
  #socket: RequestSocket | undefined;
  #exchange: Exchange | undefined;
  // Its response has begun; the outcome is not passed on yet.
  #settling: Exchange | undefined;
  #served = 0;
  #connectedAt = 0;
  #idleSince = 0;
  #idleSinceOnWall = 0;
  // How long the connection was idle before the current exchange.
  #pause = 0;
  #answeredAt = 0;
  #keepMillis: number;
  #isLast = false;
  /** True while the outcome of a response that was just read is passed on. */
  #isJustRead = false;
  #closing: Promise<void> | undefined;

  constructor(host: ConnectionHost) {
    this.#host = host;
    this.#keepMillis = host.times.idle;
    this.#dialling = host.dial();
    this.#dialling.socket.then(
      (socket) => this.#connected(new RequestSocket(socket, this)),
      (error: unknown) => this.gone(error),
    );
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
    return this.#stage === "connecting" || this.#socket?.isWriting === true;
  }

  /** The time at which the response's headers arrived, while its body is still to come; otherwise undefined. */
  get drainsSince(): number | undefined {
    return this.#stage === "draining" ? this.#answeredAt : undefined;
  }

  /**
   * Tells whether the connection may carry another exchange. A monotonic clock may stand still while a machine is
   * suspended, so the wall clock is checked as well; if that clock jumps, it costs only a connection.
   */
  isReusable(now: number): boolean {
    const { cutOff, times, wallNow } = this.#host;
    if (this.#stage !== "idle" || this.#socket?.isOpen !== true) return false;
    if (now - this.#connectedAt >= times.age) return false;
    const bound = Math.min(this.#keepMillis, cutOff.at(now));
    return now - this.#idleSince < bound && wallNow() - this.#idleSinceOnWall < bound;
  }

  /** Sends an exchange: at once if it is connected, otherwise when it is. */
  carry(exchange: Exchange, now: number): void {
    const { reuse, times } = this.#host;
    this.#exchange = exchange;
    this.#pause = now - this.#idleSince;
    if (this.#stage === "connecting")
      return this.#endsAt(Math.min(now + times.connect, exchange.terms.deadlineAt));
    this.#stage = "sending";
    reuse.uses(this, now);
    this.#endsAt(Math.min(now + times.headers, exchange.terms.deadlineAt));
    // The server may have closed the connection, which is seen only when it is read: a request that is written before
    // that may be lost.
    if (this.#isJustRead && reuse.isTrusted) this.write();
    else this.#host.writeSoon(this);
  }

  begun(): void {
    this.#exchange?.begun();
  }

  answered(head: ResponseHead): void {
    const { cutOff, now, reuse, times } = this.#host;
    this.#host.untriedScheme = undefined;
    const isStale = this.#exchange?.isStaleAnswer(head) === true;
    if (this.#served > 0 && !isStale) {
      cutOff.survived(this.#pause);
      reuse.answered(this.#served);
    }
    this.#stage = "draining";
    this.#answeredAt = now();
    this.#endsAt(this.#answeredAt + times.body);
    this.#isLast = head.isLast || isStale;
    if (head.keepMillis !== undefined) this.#keepMillis = Math.min(times.idle, head.keepMillis);
    this.#exchange?.answered(head);
    this.#settling = this.#exchange;
    this.#host.drains(this.#answeredAt);
  }

  /** Everything that has arrived was read: if the response is complete, this connection can carry what follows. */
  handled(): void {
    this.#isJustRead = true;
    this.#settle();
    this.#isJustRead = false;
  }

  received(bytes: Buffer): void {
    if (this.#exchange?.received(bytes) === false) this.close();
  }

  ended(): void {
    this.#exchange?.ended();
    // A server may answer before it has read the whole request.
    this.#socket?.onceWritten(() => this.#finish());
  }

  gone(error: unknown): void {
    if (this.#stage === "closed") return;
    const exchange = this.unanswered;
    if (exchange !== undefined) {
      const reason = this.#reasonOf(error);
      this.#learnFrom(exchange);
      this.close();
      return this.#served > 0 && !exchange.isWritten
        ? this.#host.retake(exchange)
        : exchange.fail(reason);
    }
    if (this.#stage === "idle") {
      const now = this.#host.now();
      this.#host.cutOff.learn(now - this.#idleSince, now, this.#connectedAt);
    }
    this.close();
  }

  /** Ends the connection because its current stage has taken too long. */
  expire(): void {
    this.giveUp(new DeadlineError(this.#exchange?.isWritten === true ? "response" : "connection"));
  }

  /**
   * Ends the connection; an exchange that has no response fails with this phase. Default: `timeout` if the server may
   * have received it, else `connect`.
   */
  giveUp(reason: Error, phase?: FailurePhase): void {
    const exchange = this.unanswered;
    this.close();
    exchange?.fail(reason, phase ?? (exchange.isWritten ? "timeout" : "connect"));
  }

  /** Closes the connection, whatever it carries. Idempotent. */
  close(): void {
    if (this.#stage === "closed") return;
    this.#stage = "closed";
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#exchange?.ended();
    this.#exchange = undefined;
    this.#host.onGone(this);
    // An established connection is closed without an error, which would discard its TLS session.
    this.#dialling.abort(this.#socket === undefined ? CLOSED : undefined);
    this.#closing = this.#socket?.destroy();
    this.#settle();
  }

  /** Resolves once the socket is closed. */
  closed(): Promise<void> {
    return this.#closing ?? Promise.resolve();
  }

  #finish(): void {
    if (this.#stage !== "draining") return;
    this.#served += 1;
    this.#exchange = undefined;
    if (this.#isLast) return this.close();
    this.#stage = "idle";
    this.#idleSince = this.#host.now();
    this.#idleSinceOnWall = this.#host.wallNow();
    this.#endsAt(this.#idleSince + this.#keepMillis);
    this.#host.onFree(this, this.#idleSince);
  }

  #settle(): void {
    const exchange = this.#settling;
    this.#settling = undefined;
    exchange?.settle();
  }

  /** Writes the request, unless the connection has ended since it was taken over. */
  write(): void {
    const exchange = this.#exchange;
    if (this.#stage !== "sending" || exchange === undefined) return;
    const { now, tally, times } = this.#host;
    const { request, terms } = exchange;
    const isKept = this.#served > 0;
    if (isKept) tally.requestsOverKeptConnections += 1;
    tally.bytesSent += request.body.length;
    this.#endsAt(Math.min(now() + times.headers, terms.deadlineAt));
    exchange.written(isKept);
    this.#socket?.write(request.head, request.body);
  }

  #endsAt(deadlineAt: number): void {
    this.deadlineAt = deadlineAt;
    this.#host.watch(deadlineAt);
  }

  #connected(socket: RequestSocket): void {
    if (this.#stage === "closed") return;
    const { now, tally } = this.#host;
    tally.connectionsOpened += 1;
    tally.connectionsOpen += 1;
    socket.onceClosed(() => (tally.connectionsOpen -= 1));
    this.#socket = socket;
    this.#connectedAt = now();
    this.#idleSince = this.#connectedAt;
    this.#stage = "sending";
    this.write();
  }

  #reasonOf(error: unknown): unknown {
    const { server, untriedScheme } = this.#host;
    if (isCertificateFailure(error)) return namedFailure(error, server);
    if (this.#exchange?.isWritten !== true) return error;
    if (untriedScheme === "http") return plainEnd(error);
    const isUnexplained = untriedScheme === "https" && this.#socket?.isTls13 === true;
    return isUnexplained ? new UnexplainedEndError(error) : error;
  }

  #learnFrom(exchange: Exchange): void {
    if (this.#served === 0) return;
    const { cutOff, now, reuse } = this.#host;
    // If the server has begun to respond, the connection had not been idle for too long.
    if (!exchange.isAnswering) cutOff.learnFromLoss(this.#pause, now(), this.#connectedAt);
    if (exchange.isWritten) reuse.lost(this, now(), this.#connectedAt);
  }
}
