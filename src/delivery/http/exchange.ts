import { phaseOf, retryableResult } from "./send-failures.js";
import { proxyRefusal, proxyUnreachable } from "./proxy-errors.js";
import type { ProxyName } from "./proxy-errors.js";
import { ConnectionEndError } from "./request-socket.js";
import type { ResponseHead } from "./response-head.js";
import { isCertificateFailure } from "./tls-failures.js";
import type { FailurePhase, LimitHeaders, SendObserver, SendResult } from "../transport.js";

/** One POST request. */
export interface PostRequest {
  /** The request line and the fields, up to the value of `content-length`. */
  readonly head: string;
  /** Bytes, or ASCII text. */
  readonly body: Buffer | string;
}

/** Constraints of one exchange. */
interface ExchangeTerms {
  /** Time at which the exchange was submitted, by the monotonic clock. */
  readonly startedAt: number;
  /** Time by which a response is required, by the monotonic clock. */
  readonly deadlineAt: number;
  /** The proxy that forwards the request, and may answer it itself. */
  readonly forwarder: ProxyName | undefined;
  /** Called with the beginning of the body of a response that refuses the request. */
  readonly onRefusalText?: ((text: string) => void) | undefined;
  /** Called with the server's time. */
  readonly onDate?: ((date: string) => void) | undefined;
  /** Called if the envelope is accepted with an HTML page. */
  readonly onPage?: (() => void) | undefined;
}

// Relay's responses have a few hundred bytes. Reading more costs more than a new connection.
const MAX_DRAINED_BYTES = 16 * 1024;
const NO_LIMITS: LimitHeaders = Object.freeze({ rateLimits: undefined, retryAfter: undefined });

/**
 * One request and its response. The outcome is known at the response's header; the body is only read so that the
 * connection can be kept.
 */
export class Exchange {
  readonly request: PostRequest;
  readonly terms: ExchangeTerms;
  /** True if a new connection is required: the caller asked for one, or a kept connection has failed. */
  wantsNew = false;
  readonly #observer: SendObserver;
  #result: SendResult | undefined;
  #isWritten = false;
  #isOverKept = false;
  #isAnswering = false;
  #drainedBytes = 0;
  #refusalText: Buffer[] | undefined;

  constructor(request: PostRequest, terms: ExchangeTerms, observer: SendObserver) {
    this.request = request;
    this.terms = terms;
    this.#observer = observer;
  }

  /** True if a part of the request was written to a connection, so that the server may have received it. */
  get isWritten(): boolean {
    return this.#isWritten;
  }

  /** True if a part of the response has arrived. */
  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Notes that the request is about to be written; `isOverKept` if its connection has served another before. */
  written(isOverKept: boolean): void {
    this.#isWritten = true;
    this.#isOverKept = isOverKept;
  }

  /** Notes that the response has begun. */
  begun(): void {
    this.#isAnswering = true;
  }

  /** Decides the outcome by the response's header. It is passed on by `settle`. */
  answered(head: ResponseHead): void {
    this.#result = this.#toResult(head);
    if (head.date !== undefined) this.terms.onDate?.(head.date);
    if (head.isPage && this.#result.outcome === "delivered") this.terms.onPage?.();
    if (head.statusCode >= 300 && this.terms.onRefusalText !== undefined) this.#refusalText = [];
  }

  /** Passes the outcome on, once it is known. The receiver may submit further exchanges to the same connection meanwhile. */
  settle(): void {
    const result = this.#result;
    if (result === undefined) return;
    this.#result = undefined;
    this.#observer.settled(result);
  }

  /**
   * Tells whether a response is not one to this request: a server that closes an idle connection may send 408,
   * which arrives while our request is on its way. The request can be repeated (RFC 9110, 15.5.9).
   */
  isStaleAnswer({ statusCode }: ResponseHead): boolean {
    return statusCode === 408 && this.#isOverKept;
  }

  /** Takes a part of the response's body. Returns false if the rest is not worth reading. */
  received(bytes: Buffer): boolean {
    this.#refusalText?.push(bytes.subarray(0, Math.max(0, MAX_DRAINED_BYTES - this.#drainedBytes)));
    this.#drainedBytes += bytes.length;
    return this.#drainedBytes <= MAX_DRAINED_BYTES;
  }

  /** Notes that nothing more of the response will be read. */
  ended(): void {
    const text = this.#refusalText;
    this.#refusalText = undefined;
    if (text !== undefined) this.terms.onRefusalText?.(Buffer.concat(text).toString());
  }

  /** Fails the exchange without a response. */
  fail(error: unknown, phase?: FailurePhase): void {
    const progress = {
      isWritten: this.#isWritten,
      isAnswering: this.#isAnswering,
      isReused: this.#isOverKept,
    };
    this.#result = retryableResult(this.#named(error), phase ?? phaseOf(error, progress));
    this.settle();
  }

  // With TLS 1.3 a proxy may refuse the connection after the handshake.
  #named(error: unknown): unknown {
    const { forwarder } = this.terms;
    const isOfProxy = forwarder !== undefined && isCertificateFailure(error);
    return isOfProxy ? proxyUnreachable(forwarder, error) : error;
  }

  #toResult(head: ResponseHead): SendResult {
    const { statusCode, rateLimits, retryAfter } = head;
    const { forwarder } = this.terms;
    if (this.isStaleAnswer(head)) return retryableResult(new ConnectionEndError(), "reused");
    // 407 is the only status that cannot come from the server itself.
    if (statusCode === 407 && forwarder !== undefined)
      return retryableResult(proxyRefusal(forwarder, statusCode), "refused");
    const limits =
      rateLimits === undefined && retryAfter === undefined ? NO_LIMITS : { rateLimits, retryAfter };
    if (statusCode === 429) return { outcome: "limited", statusCode, limits };
    return { outcome: statusCode < 300 ? "delivered" : "rejected", statusCode, limits };
  }
}
