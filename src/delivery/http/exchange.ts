import { phaseOf, retryable } from "./connection-failures.js";
import type { ProxyName } from "./proxy-error.js";
import { proxyRefusal, proxyUnreachable } from "./proxy-error.js";
import { isCertificateFailure } from "./tls-failures.js";
import type { FailurePhase, LimitHeaders, SendResult } from "../transport.js";

/** One POST, as undici takes it. */
export interface PostRequest {
  readonly method: "POST";
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Buffer;
}

/** How an exchange is to be made. */
export interface ExchangeTerms {
  /** When it was submitted, by the steady clock. */
  readonly startedAt: number;
  /** When it must have been answered, by the steady clock. */
  readonly deadlineAt: number;
  /** Not over a connection that has been used. */
  readonly wantsNew: boolean;
  /** Given the beginning of the body of an answer that refuses the request. */
  readonly onRefusalText?: ((text: string) => void) | undefined;
  /** The proxy that passes the request on, and may answer itself. */
  readonly forwarder: ProxyName | undefined;
}

/** Headers of a response by their names in lower case. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What carries an exchange, and is told how far it has come. */
export interface Carrier {
  readonly isReused: boolean;
  written(): void;
  answered(headers: ResponseHeaders): void;
  ended(): void;
  /** `undecided`: the exchange, where it still has no outcome. */
  failed(error: unknown, undecided: Exchange | undefined): void;
  /** Nothing more of the answer is worth waiting for. */
  close(): void;
}

interface ExchangeController {
  abort(reason: Error): void;
}

// What Relay answers has a few hundred bytes. More is not worth reading for the connection's sake.
const MAX_DRAINED_BYTES = 16 * 1024;
const NO_LIMITS: LimitHeaders = Object.freeze({ rateLimits: undefined, retryAfter: undefined });

/**
 * One request and its response, as undici's handler. The outcome is known at the response's headers:
 * what the body does after them no longer matters, it is only read so that the connection can be kept.
 */
export class Exchange {
  readonly request: PostRequest;
  readonly terms: ExchangeTerms;
  /** Not over a connection that has been used; also set when one has let it down. */
  wantsNew: boolean;
  readonly #resolve: (result: SendResult) => void;
  #carrier: Carrier | undefined;
  #controller: ExchangeController | undefined;
  #isWritten = false;
  #isUnseen = false;
  #isAnswering = false;
  #isDecided = false;
  #drainedBytes = 0;
  #refusalText: Uint8Array[] | undefined;

  constructor(request: PostRequest, terms: ExchangeTerms, resolve: (result: SendResult) => void) {
    this.request = request;
    this.terms = terms;
    this.wantsNew = terms.wantsNew;
    this.#resolve = resolve;
  }

  /** Whether something of the request was given to a connection, and the server may know of it. */
  get isWritten(): boolean {
    return this.#isWritten;
  }

  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Whether the server has told that it has seen nothing of the request. */
  get isUnseen(): boolean {
    return this.#isUnseen;
  }

  carryBy(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  /** Ends it without an answer. */
  fail(error: unknown, phase?: FailurePhase): void {
    const progress = {
      isWritten: this.#isWritten,
      isAnswering: this.#isAnswering,
      isReused: this.#carrier?.isReused === true,
    };
    this.#decide(retryable(this.#named(error), phase ?? phaseOf(error, progress)));
  }

  /** Takes it from undici, which then writes and reads nothing more of it. */
  abort(reason: Error): void {
    this.#controller?.abort(reason);
  }

  // The methods below are undici's. By this one it tells the handler's version.
  onRequestStart(controller: ExchangeController): void {
    this.#controller = controller;
    this.#isWritten = true;
    this.#isUnseen = false;
    this.#carrier?.written();
  }

  // Not undici's: with HTTP/2, the server has told so.
  onRequestUnseen(): void {
    this.#isWritten = false;
    this.#isUnseen = true;
  }

  onResponseStarted(): void {
    this.#isAnswering = true;
  }

  onResponseStart(
    _controller: ExchangeController,
    statusCode: number,
    headers: ResponseHeaders,
  ): void {
    // 1xx: the answer is still to come.
    if (statusCode < 200) return;
    this.#decide(this.#toResult(statusCode, headers));
    if (statusCode >= 300 && this.terms.onRefusalText !== undefined) this.#refusalText = [];
    this.#carrier?.answered(headers);
  }

  onResponseData(_controller: ExchangeController, chunk: Uint8Array): void {
    this.#drainedBytes += chunk.length;
    this.#refusalText?.push(chunk);
    if (this.#drainedBytes > MAX_DRAINED_BYTES) this.#carrier?.close();
  }

  onResponseEnd(): void {
    if (this.#refusalText !== undefined)
      this.terms.onRefusalText?.(Buffer.concat(this.#refusalText).toString());
    this.#carrier?.ended();
  }

  onResponseError(_controller: ExchangeController, error: unknown): void {
    this.#carrier?.failed(error, this.#isDecided ? undefined : this);
  }

  #decide(result: SendResult): void {
    this.#isDecided = true;
    this.#resolve(result);
  }

  // With TLS 1.3 a proxy may refuse the connection after the handshake.
  #named(error: unknown): unknown {
    const { forwarder } = this.terms;
    const isOfProxy = forwarder !== undefined && isCertificateFailure(error);
    return isOfProxy ? proxyUnreachable(forwarder, error) : error;
  }

  #toResult(statusCode: number, headers: ResponseHeaders): SendResult {
    const { forwarder } = this.terms;
    // The only status that no server has; of the others it cannot be told whose they are.
    if (statusCode === 407 && forwarder !== undefined)
      return retryable(proxyRefusal(forwarder, statusCode), "refused");
    const limits = limitHeaders(headers);
    if (statusCode === 429) return { outcome: "limited", statusCode, limits };
    return { outcome: statusCode < 300 ? "delivered" : "rejected", statusCode, limits };
  }
}

function limitHeaders(headers: ResponseHeaders): LimitHeaders {
  const rateLimits = headers["x-sentry-rate-limits"];
  const retryAfter = headers["retry-after"];
  if (rateLimits === undefined && retryAfter === undefined) return NO_LIMITS;
  return { rateLimits: asText(rateLimits), retryAfter: asText(retryAfter) };
}

function asText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}
