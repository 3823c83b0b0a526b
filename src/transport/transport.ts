import type { EncodedEnvelope } from "../protocol/envelope.js";

/** Raw rate-limit headers of a response, as the server sent them. */
export interface LimitHeaders {
  readonly rateLimits: string | undefined;
  readonly retryAfter: string | undefined;
}

/** How one attempt to deliver an envelope ended. Outcomes are values: nothing is thrown. */
export type SendResult =
  | { readonly outcome: "delivered"; readonly statusCode: number; readonly limits: LimitHeaders }
  /** The server took the request and refused the envelope: 4xx or 5xx other than 429. */
  | { readonly outcome: "rejected"; readonly statusCode: number; readonly limits: LimitHeaders }
  /** 429: the server has counted the loss itself. */
  | { readonly outcome: "limited"; readonly statusCode: 429; readonly limits: LimitHeaders }
  /** No response: connect, reset, time-out. */
  | { readonly outcome: "retryable"; readonly error: Error };

/** Delivers envelopes. Decorators (retry, spool) have the same interface. */
export interface Transport {
  /** Sends one envelope; resolves when its outcome is known. Never rejects. */
  send(envelope: EncodedEnvelope): Promise<SendResult>;
  /** Lets go of connections and timers. Idempotent; a `send` after it is `retryable`. */
  close(): Promise<void>;
}
