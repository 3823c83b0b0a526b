import { phaseOf, retryableResult, proxyRefusal, proxyUnreachable } from "./send-failures.js";
import type { ProxyName } from "./send-failures.js";
import { isCertificateFailure } from "./tls-failures.js";
import type { FailurePhase, LimitHeaders, SendResult } from "../transport.js";

/** One POST request in undici's form. */
export interface PostRequest {
  readonly method: "POST";
  readonly path: string;
  /** Alternating names and values. */
  readonly headers: string[];
  readonly body: Buffer;
}

/** Constraints of one exchange. */
interface ExchangeTerms {
  /** Time at which the exchange was submitted, by the monotonic clock. */
  readonly startedAt: number;
  /** Time by which a response is required, by the monotonic clock. */
  readonly deadlineAt: number;
  /** True if a new connection is required. */
  readonly wantsNew: boolean;
  /** The proxy that forwards the request, and may answer it itself. */
  readonly forwarder: ProxyName | undefined;
  /** Called with the beginning of the body of a response that refuses the request. */
  readonly onRefusalText?: ((text: string) => void) | undefined;
}

/** Response headers by lower-case name. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The connection that carries an exchange, and is notified of its progress. */
export interface Carrier {
  readonly isReused: boolean;
  written(): void;
  answered(headers: ResponseHeaders): void;
  ended(): void;
  /** `undecided` is the exchange if it has no outcome yet. */
  failed(error: unknown, undecided: Exchange | undefined): void;
  /** Closes the connection so that the rest of the response need not be read. */
  close(): void;
}

interface ExchangeController {
  abort(reason: Error): void;
}

// Relay's responses have a few hundred bytes. Reading more than this costs more than a new connection.
const MAX_DRAINED_BYTES = 16 * 1024;
const NO_LIMITS: LimitHeaders = Object.freeze({ rateLimits: undefined, retryAfter: undefined });

/**
 * One request and its response, implementing undici's handler interface. The outcome is known when the response headers
 * arrive; the body is read only so that the connection can be kept.
 */
export class Exchange {
  readonly request: PostRequest;
  readonly terms: ExchangeTerms;
  /** True if a new connection is required; also set after a kept connection has failed. */
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

  /** True if a part of the request was written to a connection, so that the server may have received it. */
  get isWritten(): boolean {
    return this.#isWritten;
  }

  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** True if the server has reported that it did not process the request. */
  get isUnseen(): boolean {
    return this.#isUnseen;
  }

  carryBy(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  /** Fails the exchange without a response. */
  fail(error: unknown, phase?: FailurePhase): void {
    const progress = {
      isWritten: this.#isWritten,
      isAnswering: this.#isAnswering,
      isReused: this.#carrier?.isReused === true,
    };
    this.#decide(retryableResult(this.#named(error), phase ?? phaseOf(error, progress)));
  }

  /** Makes undici stop writing and reading the exchange. */
  abort(reason: Error): void {
    this.#controller?.abort(reason);
  }

  // The methods below are those of undici's handler interface. undici recognizes the version of the interface by this
  // one.
  onRequestStart(controller: ExchangeController): void {
    this.#controller = controller;
    this.#isWritten = true;
    this.#isUnseen = false;
    this.#carrier?.written();
  }

  // Not part of undici's interface: called when an HTTP/2 server has reported that it did not process the request.
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
    // 1xx: the final response is still to come.
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
    // 407 is the only status that cannot come from the server itself.
    if (statusCode === 407 && forwarder !== undefined)
      return retryableResult(proxyRefusal(forwarder, statusCode), "refused");
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

/** A server's announcements about its connection. */
interface ConnectionHints {
  /** The server closes the connection after this response. */
  readonly isLast: boolean;
  /** Milliseconds for which the server keeps the idle connection; undefined if it does not say. */
  readonly keepMillis: number | undefined;
}

// Subtracted from the server's time-out, because a request takes time to arrive.
const HINT_MARGIN_MILLIS = 1000;

/** Reads `Connection` and `Keep-Alive` of a response. */
export function readHints(headers: ResponseHeaders): ConnectionHints {
  const { connection, "keep-alive": keepAlive } = headers;
  const isClosing = connection !== undefined && /\bclose\b/i.test(String(connection));
  const seconds =
    keepAlive === undefined ? undefined : /\btimeout\s*=\s*(\d+)/i.exec(String(keepAlive))?.[1];
  if (seconds === undefined) return isClosing ? CLOSING : NO_HINTS;
  const keepMillis = Number(seconds) * 1000 - HINT_MARGIN_MILLIS;
  return { isLast: isClosing || keepMillis <= 0, keepMillis };
}

const NO_HINTS: ConnectionHints = { isLast: false, keepMillis: undefined };
const CLOSING: ConnectionHints = { isLast: true, keepMillis: undefined };
