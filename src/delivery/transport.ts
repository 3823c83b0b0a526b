import type { EncodedEnvelope } from "../protocol/envelope.js";

/** Raw rate-limit headers of a response, as the server sent them. */
export interface LimitHeaders {
  readonly rateLimits: string | undefined;
  readonly retryAfter: string | undefined;
}

/**
 * How far an attempt without a response came, which decides whether it may be repeated:
 *
 * - `connect`: nothing was written, so the server knows nothing of it
 * - `reused`: a kept connection broke before a byte of the answer: the server had let go of it
 * - `answer`: a new connection broke before the answer: the server may have taken the envelope
 * - `timeout`: no answer in time: the server may have taken the envelope
 * - `refused`: it will not get better by itself: a certificate, a proxy's authentication, closed
 */
export type FailurePhase = "answer" | "connect" | "refused" | "reused" | "timeout";

/** How one attempt to deliver an envelope ended. Outcomes are values: nothing is thrown. */
export type SendResult =
  | { readonly outcome: "delivered"; readonly statusCode: number; readonly limits: LimitHeaders }
  /** The server took the request and refused the envelope: 4xx or 5xx other than 429. */
  | { readonly outcome: "rejected"; readonly statusCode: number; readonly limits: LimitHeaders }
  /** 429: the server has counted the loss itself. */
  | { readonly outcome: "limited"; readonly statusCode: 429; readonly limits: LimitHeaders }
  /** No response: connect, reset, time-out. Without a phase it counts as `refused`. */
  | { readonly outcome: "retryable"; readonly error: Error; readonly phase?: FailurePhase };

/** How an attempt is to be made. */
export interface SendOptions {
  /** Not over a connection that has been used before. */
  readonly newConnection?: boolean;
  /**
   * How long, in milliseconds, it may wait for a server that is gone and is then sent as a probe, also where other
   * sends fail at once. Default: what the transport does otherwise.
   */
  readonly holdMillis?: number;
  /** It may go although the server is taken for gone: `RetryTransport.whenDue` has granted it. */
  readonly isProbe?: boolean;
}

/** Delivers envelopes. A decorator (retry) has the same interface. */
export interface Transport {
  /** Sends one envelope; resolves when its outcome is known. Never rejects. */
  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<SendResult>;
  /** Lets go of connections and timers. Idempotent; a `send` after it is `retryable`. */
  close(): Promise<void>;
}
