import type { LimitHeaders, SendResult } from "./transport.js";

/** What a response may cost after its headers. */
export interface DrainLimit {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly bodyTimeout: number;
}

interface ExchangeController {
  abort(reason: Error): void;
}

type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

// What Relay answers has a few hundred bytes. More is not worth reading for the connection's sake.
const MAX_DRAINED_BYTES = 16 * 1024;
const NO_LIMITS: LimitHeaders = Object.freeze({ rateLimits: undefined, retryAfter: undefined });

/**
 * One request and its response, as undici's handler. The outcome is known at the response's headers:
 * what the body does after them no longer matters, it is only read so that the connection can be kept.
 */
export class Exchange {
  readonly #decide: (result: SendResult) => void;
  readonly #limit: DrainLimit;
  #drainedBytes = 0;
  #drainDeadline = 0;

  constructor(decide: (result: SendResult) => void, limit: DrainLimit) {
    this.#decide = decide;
    this.#limit = limit;
  }

  // By this method undici tells the handler's version.
  onRequestStart(): void {}

  onResponseStart(
    _controller: ExchangeController,
    statusCode: number,
    headers: ResponseHeaders,
  ): void {
    // 1xx: the answer is still to come.
    if (statusCode >= 200) this.#decide(toResult(statusCode, headers));
  }

  onResponseData(controller: ExchangeController, chunk: Uint8Array): void {
    const now = this.#limit.now();
    if (this.#drainedBytes === 0) this.#drainDeadline = now + this.#limit.bodyTimeout;
    this.#drainedBytes += chunk.length;
    // undici's own time-out starts anew with each chunk, so a slow drip would hold the connection.
    const isTooMuch = this.#drainedBytes > MAX_DRAINED_BYTES || now > this.#drainDeadline;
    if (isTooMuch) controller.abort(new Error("the response's body is too long"));
  }

  onResponseEnd(): void {}

  onResponseError(_controller: ExchangeController, error: unknown): void {
    this.#decide(retryable(error));
  }
}

/** The outcome of an attempt without a response. */
export function retryable(error: unknown): SendResult {
  return { outcome: "retryable", error: error instanceof Error ? error : new Error(String(error)) };
}

function toResult(statusCode: number, headers: ResponseHeaders): SendResult {
  const limits = limitHeaders(headers);
  if (statusCode === 429) return { outcome: "limited", statusCode, limits };
  return { outcome: statusCode < 300 ? "delivered" : "rejected", statusCode, limits };
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
