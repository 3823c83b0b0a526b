import type { Timers } from "../support/time.js";
import { within } from "../support/time.js";
import type { EncodedEnvelope } from "../protocol/envelope.js";
import type { Diagnostics } from "../support/diagnostics.js";

/** Rate-limit headers of a response, unparsed. */
export interface LimitHeaders {
  readonly rateLimits: string | undefined;
  readonly retryAfter: string | undefined;
}

/**
 * How far an attempt without a response got, which decides whether it may be repeated:
 * - `connect`: nothing was written, so the envelope has not arrived.
 * - `reused`: a kept connection was lost before any byte of the response; usually the server had closed it.
 * - `answer`: a new connection was lost before the response; the envelope may have arrived.
 * - `timeout`: there was no response in time; the envelope may have arrived.
 * - `refused`: retrying does not help, as with an invalid certificate, a proxy that requires authentication or a closed
 *   transport.
 */
export type FailurePhase = "answer" | "connect" | "refused" | "reused" | "timeout";

/** Result of one attempt to deliver an envelope. A transport resolves with it and never rejects. */
export type SendResult =
  | { readonly outcome: "delivered"; readonly statusCode: number; readonly limits: LimitHeaders }
  /** The server received the request and refused the envelope: 4xx or 5xx other than 429. */
  | { readonly outcome: "rejected"; readonly statusCode: number; readonly limits: LimitHeaders }
  /** HTTP 429: the server itself counts the loss. */
  | { readonly outcome: "limited"; readonly statusCode: 429; readonly limits: LimitHeaders }
  /** No response: connection failure, reset or time-out. Without a phase it counts as `refused`. */
  | { readonly outcome: "retryable"; readonly error: Error; readonly phase?: FailurePhase };

/** The result of a send by a transport of this package: a rate limit may take effect before the envelope is sent. */
export type SenderResult = SendResult | { readonly outcome: "unsent" };

/** Options of one attempt. */
export interface SendOptions {
  /** Use a new connection instead of a kept one. Default false. */
  readonly newConnection?: boolean;
  /**
   * How many milliseconds the envelope may wait while the server is unreachable, to be sent as a probe, even if other
   * sends fail at once. Default: the transport decides.
   */
  readonly holdMillis?: number;
  /** Sends although the server is considered unreachable, because `RetryTransport.whenDue` has granted this probe. */
  readonly isProbe?: boolean;
}

/** Options for an envelope that came back unsent: the clock of the other thread may differ from this one's. */
export const PERMITTED: SendOptions = Object.freeze({ isProbe: true });

/** Delivers envelopes. Implement it to send envelopes in another way, and pass it as the option `transport`. */
export interface Transport {
  /** Sends one envelope; resolves when its outcome is known. Must not reject. */
  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<SendResult>;
  /** Closes connections and timers. Idempotent; a later `send` resolves to `retryable`. */
  close(): Promise<void>;
}

/** The transport that `closeTransport` closes, and its tools. */
interface TransportCloseSettings {
  readonly timers: Timers;
  readonly diagnostics: Diagnostics;
  /** The transport's own `close`. That of a custom transport may throw, or never settle. */
  readonly close: () => Promise<unknown>;
}

// Time that a transport gets to close its connections.
const CLOSE_MILLIS = 500;

/** Closes a transport; resolves when it is closed, or after 500 ms. Never rejects. */
export async function closeTransport(settings: TransportCloseSettings): Promise<void> {
  const { timers, diagnostics, close } = settings;
  try {
    await within(timers, CLOSE_MILLIS, close());
  } catch (error) {
    diagnostics.warnOnce("transport", "the transport could not be closed", error);
  }
}

// After an outage of days Sentry would answer 200 and drop the transaction; dropping it here counts the loss.
const EXPIRED: SendResult = {
  outcome: "retryable",
  phase: "refused",
  error: new Error(
    "a transaction started almost five days ago; Sentry would answer 200 and drop it",
  ),
};

/** Receives the outcome of one send: exactly one of its methods is called, once. They must not throw. */
export interface SendObserver<Result = SendResult> {
  settled(result: Result): void;
  /** The transport threw, which says nothing about the server. */
  threw(error: unknown): void;
}

/**
 * A transport that calls an observer instead of resolving a promise. For an envelope that is delivered at the first attempt, that
 * saves four promises, each of which costs about a microsecond with an async context manager on Node 20.
 */
export interface ObservedTransport<Result = SendResult> {
  /** Sends one envelope. Never throws; may call the observer before it returns. */
  deliver(envelope: EncodedEnvelope, observer: SendObserver<Result>, options?: SendOptions): void;
}

/** The part of a transport that sends. */
interface Sending<Result> {
  send(envelope: EncodedEnvelope, options?: SendOptions): Promise<Result>;
}

/** Returns the transport itself if it calls observers, else an adapter that does. */
export function observed<Result>(transport: Sending<Result>): ObservedTransport<Result> {
  return isObserved(transport) ? transport : new PromisingTransport(transport);
}

function isObserved<Result>(
  transport: Sending<Result>,
): transport is ObservedTransport<Result> & Sending<Result> {
  return "deliver" in transport && typeof transport.deliver === "function";
}

class PromisingTransport<Result> implements ObservedTransport<Result> {
  readonly #transport: Sending<Result>;

  constructor(transport: Sending<Result>) {
    this.#transport = transport;
  }

  // A custom transport may throw, or return any value.
  deliver(envelope: EncodedEnvelope, observer: SendObserver<Result>, options?: SendOptions): void {
    try {
      Promise.resolve(this.#transport.send(envelope, options))
        .then((result) => checkedResult(result))
        .then(
          (result) => observer.settled(result),
          (error: unknown) => observer.threw(error),
        );
    } catch (error) {
      observer.threw(error);
    }
  }
}

// Returns a result of a custom transport. Throws if it is not a `SendResult`, whose properties could not be read later.
function checkedResult<Result>(result: Result): Result {
  if (isSendResult(result)) return result;
  throw new TypeError("`send` of the transport did not resolve to a `SendResult`");
}

function isSendResult(result: unknown): boolean {
  if (typeof result !== "object" || result === null || !("outcome" in result)) return false;
  if (result.outcome === "retryable") return "error" in result;
  if (!["delivered", "limited", "rejected"].includes(String(result.outcome))) return false;
  return (
    "statusCode" in result &&
    typeof result.statusCode === "number" &&
    "limits" in result &&
    areLimits(result.limits)
  );
}

function areLimits(limits: unknown): boolean {
  if (typeof limits !== "object" || limits === null) return false;
  const { rateLimits, retryAfter }: Partial<Record<keyof LimitHeaders, unknown>> = limits;
  return [rateLimits, retryAfter].every((each) => each === undefined || typeof each === "string");
}

/** Sends an envelope and resolves to its result; rejects if the transport throws. */
export function sendOver<Result>(
  transport: ObservedTransport<Result>,
  envelope: EncodedEnvelope,
  options?: SendOptions,
): Promise<Result> {
  return new Promise((settled, threw) => transport.deliver(envelope, { settled, threw }, options));
}

/** Returns the result of an envelope that is too old to be sent; undefined for any other. */
export function resultIfExpired({ expiresAtMillis }: EncodedEnvelope): SendResult | undefined {
  return expiresAtMillis !== undefined && Date.now() > expiresAtMillis ? EXPIRED : undefined;
}
